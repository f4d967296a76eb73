import HostFacts

/// What attach counted, in the form of its JSON: schema "swiftvmm.attach/1". docs/attach.md says what each key means.
public struct AttachReport: Codable, Equatable, Sendable {
  public static let schema = "swiftvmm.attach/1"

  public var schema = Self.schema
  public var host: HostFacts
  public var target: TargetReport
  public var end: End?
  public var durationSeconds: Double
  public var threads: Threads
  public var userSpace: Exits?
  public var hardware: Exits?
  public var tracepoints: [TracepointReport]
  public var addresses: [AddressReport]
  public var ranges: [RangeReport]
  public var vcpus: [VCPUReport]
  public var records: Records
  /// Why something is missing, by the tracepoint that would tell.
  public var unavailable: [String: String]

  public struct TargetReport: Codable, Equatable, Sendable {
    public var pid: Int32
    public var command: String
    public var machines: Int
    public var vcpus: Int
  }

  /// Why counting ended; the report has none while it goes on.
  public enum End: String, Codable, Sendable {
    case duration
    case interrupted
    case targetEnded = "target-ended"
  }

  public struct Threads: Codable, Equatable, Sendable {
    public var atStart: Int
    public var appeared: Int
    public var ended: Int
    public var refused: Int
  }

  public struct Exits: Codable, Equatable, Sendable {
    public var total: UInt64
    public var byReason: [String: UInt64]
  }

  public struct TracepointReport: Codable, Equatable, Sendable {
    public var name: String
    public var count: UInt64
    /// Nil where it is not broken down.
    public var lost: UInt64?
  }

  public struct AddressReport: Codable, Equatable, Sendable {
    /// `port`, `memory`, `msr` or `cpuid`.
    public var space: String
    /// Nil for all that had no line of their own.
    public var address: UInt64?
    public var name: String?
    public var exits: UInt64
    public var reads: UInt64
    public var writes: UInt64
    public var userSpace: UInt64?
    public var undecided: UInt64?
  }

  public struct RangeReport: Codable, Equatable, Sendable {
    public var name: String
    public var first: UInt64
    public var last: UInt64
    public var exits: UInt64
    public var reads: UInt64
    public var writes: UInt64
    public var userSpace: UInt64?
    public var undecided: UInt64?
  }

  public struct VCPUReport: Codable, Equatable, Sendable {
    public var index: Int
    public var thread: Int32
    public var name: String
    /// KVM's own number, where kvm_exit told it.
    public var vcpu: UInt32?
    /// It was found while counting: what it did before is not counted.
    public var appeared: Bool
    public var userSpace: Exits?
    public var hardware: Exits?
    /// Counts by tracepoint, those at 0 left out.
    public var tracepoints: [String: UInt64]
  }

  public struct Records: Codable, Equatable, Sendable {
    /// Occurrences that are counted and not broken down, over all tracepoints.
    public var lost: UInt64
    /// Exits to user space for a port or for memory that no record gives an address.
    public var unplaced: UInt64
  }
}
