import HostFacts

/// What the ladder found, in the form of its JSON: schema "swiftvmm.ladder/1". docs/ladder.md says what each key means.
public struct LadderReport: Codable, Equatable, Sendable {
  public static let schema = "swiftvmm.ladder/1"

  public var schema = Self.schema
  public var host: HostFacts
  public var trials: [Trial]

  /// A rung in one direction and at one size.
  public struct Trial: Codable, Equatable, Sendable {
    public var rung: String
    public var title: String
    public var direction: LadderDirection
    public var size: LadderSize
    /// Bytes of a frame, without the check sequence.
    public var frameBytes: Int
    public var packets: UInt64
    /// The command that repeats it.
    public var command: String
    public var guide: String?
    public var explanation: String
    /// Every run must take the same exits.
    public var isExact: Bool
    /// At least one, unless ``failure`` says why.
    public var runs: [Run] = []
    /// What all witnesses counted, of a run of its own.
    public var witnessed: Witnessed?
    public var failure: String?
  }

  /// One run between its guest's marks.
  public struct Run: Codable, Equatable, Sendable {
    /// Returns of KVM_RUN, by the ledger.
    public var userExits: UInt64
    public var registers: [Register]
    /// Writes that waited in KVM's ring.
    public var coalesced: UInt64
    /// Notifications by the driver, also those that KVM answered by an eventfd.
    public var kicks: UInt64
    /// Interrupts that the NIC raised.
    public var interrupts: UInt64
    public var seconds: Double
    /// Processor time of the whole process, the guest's included.
    public var processorSeconds: Double
    /// Of one packet there and back, of echoes.
    public var latency: Latency?
  }

  /// Exits of one register.
  public struct Register: Codable, Equatable, Sendable {
    public var device: String
    public var name: String
    public var reads: UInt64
    public var writes: UInt64
  }

  public struct Latency: Codable, Equatable, Sendable {
    public var medianNanoseconds: Double
    public var p99Nanoseconds: Double
  }

  /// The same work with the kernel's counts beside the ledger's.
  public struct Witnessed: Codable, Equatable, Sendable {
    public var userExits: UInt64
    /// What KVM answered by itself: writes that rang an eventfd or waited in the ring, accesses to its own interrupt
    /// controllers, CPUID and HLT. Nil where nobody counts them, ``unavailable`` says why.
    public var kernelExits: UInt64?
    public var interrupts: UInt64
    /// By kvm_exit, all reasons; nil on hosts where it never fires.
    public var hardwareExits: UInt64?
    /// How many counts more than one witness saw, in the window and in the whole run.
    public var compared: Int
    /// Those in which they differ.
    public var differences: [String]
    /// Witnesses that this host does not have, with the reason.
    public var unavailable: [String: String]
  }
}

extension LadderReport.Trial {
  func perPacket(_ count: UInt64) -> Double { Double(count) / Double(packets) }

  /// Packets a second of each run, ascending.
  public var rates: [Double] { runs.map { Double(packets) / $0.seconds }.sorted() }

  /// Of the middle run.
  var medianRate: Double? { median(rates) }

  /// Bits of frames, without preamble and check sequence.
  var gigabits: Double? { medianRate.map { $0 * Double(frameBytes) * 8 / 1e9 } }

  var processorNanoseconds: Double? {
    median(runs.map { $0.processorSeconds * 1e9 / Double(packets) }.sorted())
  }

  /// The run with the median of user exits.
  var middle: LadderReport.Run? {
    runs.sorted { $0.userExits < $1.userExits }.dropFirst(runs.count / 2).first
  }

  /// Of the run whose median is the median of all.
  var latency: LadderReport.Latency? {
    let all = runs.compactMap(\.latency).sorted { $0.medianNanoseconds < $1.medianNanoseconds }
    return all.isEmpty ? nil : all[all.count / 2]
  }

  private func median(_ sorted: [Double]) -> Double? { sorted.isEmpty ? nil : sorted[sorted.count / 2] }

  /// What is not as it must be; empty where all is well.
  var problems: [String] {
    let place = "\(rung), \(direction.rawValue), \(size.rawValue)"
    if let failure { return ["\(place): \(failure)"] }
    var problems: [String] = []
    let counts = Set(runs.map(\.userExits) + [witnessed?.userExits].compactMap(\.self))
    if isExact, counts.count > 1 {
      problems.append(
        "\(place): its runs took \(counts.sorted().map(String.init).joined(separator: ", ")) exits")
    }
    return problems + (witnessed?.differences ?? []).map { "\(place): the witnesses differ in \($0)" }
  }
}

extension LadderReport {
  /// A line for each thing that is not as it must be.
  public var problems: [String] { trials.flatMap(\.problems) }
}
