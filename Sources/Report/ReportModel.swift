import Witness

/// Everything that a run tells, in the form of its JSON: schema "swiftvmm.report/1".
///
/// docs/report.md says what each key means. Counts are exact; times are of the handler in user space, in ns.
public struct RunReport: Codable, Equatable, Sendable {
  public static let schema = "swiftvmm.report/1"

  public var schema = Self.schema
  public var host: Host
  public var guest: Guest
  public var outcome: OutcomeReport
  public var durationSeconds: Double
  public var exits: Exits
  public var vcpus: [VCPUReport]
  public var devices: [DeviceReport]
  public var kernel: KernelReport
  /// The guest's measured window, nil where it set no marks.
  public var window: WindowReport?
  /// What all witnesses said, nil where only the ledger and ``kernel`` were asked.
  public var witness: WitnessReport?

  public struct Host: Codable, Equatable, Sendable {
    /// The KVM vendor module: `kvm_intel`, `kvm_amd`, `kvm_pvm`, or `unknown`.
    public var kvm: String
    public var kernel: String
    public var cpu: String
    public var timestampKHz: Int?
  }

  public struct Guest: Codable, Equatable, Sendable {
    public var image: String
    public var format: String
    public var commandLine: String
    public var memoryBytes: UInt64
    public var cpus: Int
    public var irqchip: String
    public var nics: [String]
  }

  public struct OutcomeReport: Codable, Equatable, Sendable {
    /// `exited`, `reset`, `halted`, `system-event`, `crashed`, `time-limit`, `interrupted`, `failed`.
    public var kind: String
    /// Exit status of the program.
    public var status: Int32
    public var detail: String?
    public var crash: CrashReport?
  }

  public struct CrashReport: Codable, Equatable, Sendable {
    public var vcpu: Int
    public var reason: String
    public var detail: String
    public var registers: [String: String]
    /// The bytes at RIP in hexadecimal.
    public var code: String
  }

  public struct Exits: Codable, Equatable, Sendable {
    public var total: UInt64
    public var byReason: [String: UInt64]
  }

  public struct VCPUReport: Codable, Equatable, Sendable {
    public var index: Int
    public var exits: Exits
  }

  public struct DeviceReport: Codable, Equatable, Sendable {
    public var name: String
    public var exits: UInt64
    public var reads: UInt64
    public var writes: UInt64
    /// Writes that came through the coalesced ring, without an exit; part of `writes`.
    public var coalesced: UInt64
    public var handler: HandlerTime
    public var registers: [RegisterReport]
    public var kicks: UInt64?
    public var interrupts: UInt64?
    public var packets: Packets?
    public var exitsPerPacket: Double?
    public var faults: [String]
    /// Faults beyond those listed.
    public var moreFaults: UInt64
  }

  public struct RegisterReport: Codable, Equatable, Sendable {
    public var name: String
    /// `port`, `memory` or `msr`.
    public var space: String
    /// Distance from the window's base; for `unclaimed` the address itself.
    public var offset: UInt64
    public var exits: UInt64
    public var reads: UInt64
    public var writes: UInt64
    public var handler: HandlerTime
  }

  public struct HandlerTime: Codable, Equatable, Sendable {
    public var totalNs: Double
    public var medianNs: Double
    public var p99Ns: Double
    /// Buckets that are not empty: the shortest duration in ns, and the exits in it.
    public var histogram: [Bucket]
  }

  public struct Bucket: Codable, Equatable, Sendable {
    public var fromNs: Double
    public var exits: UInt64
  }

  public struct Packets: Codable, Equatable, Sendable {
    public var tx: UInt64
    public var rx: UInt64
    public var lost: UInt64
    public var corrupt: UInt64
    public var dropped: UInt64
  }

  public struct KernelReport: Codable, Equatable, Sendable {
    public var cpuid: UInt64?
    public var hlt: UInt64?
    /// Why a count is missing, by its key.
    public var unavailable: [String: String]
  }

  /// A register with exits in the window.
  public struct WindowRegister: Codable, Equatable, Sendable {
    public var device: String
    public var name: String
    public var reads: UInt64
    public var writes: UInt64
  }

  public struct WindowReport: Codable, Equatable, Sendable {
    public var seconds: Double
    /// Exits by device within the window, devices without any left out.
    public var exits: [String: UInt64]
    /// The same by register.
    public var registers: [WindowRegister]
    /// Writes that came through the coalesced ring, notifications by drivers, and interrupts that devices raised.
    public var coalesced: UInt64
    public var kicks: UInt64
    public var interrupts: UInt64
    public var packets: UInt64
    public var packetsPerSecond: Double?
    /// What all witnesses counted within the window, nil where only the ledger was asked.
    public var witness: WindowWitness?
  }

  /// What the witnesses of a run counted between the guest's marks.
  public struct WindowWitness: Codable, Equatable, Sendable {
    /// As in the whole run's.
    public var lines: [WitnessLine]
    /// Accesses that each device of KVM's own answered; without those that nobody counts.
    public var kernel: [String: UInt64]
  }
}
