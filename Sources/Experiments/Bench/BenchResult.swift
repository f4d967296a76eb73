/// What a line of the table says: schema "swiftvmm.bench/1", docs/bench.md.
public struct BenchResult: Codable, Equatable, Sendable {
  public let name: String
  public let group: BenchRow.Group
  public let summary: String
  /// Privilege level of the guest; nil for rows without one.
  public let cpl: Int?
  /// Why this host cannot do it; then nothing below is there.
  public var unavailable: String?

  /// How often it was done while the times were taken.
  public var operations: UInt64?
  /// Operations in each sample of the times.
  public var operationsPerSample: Int?
  /// One operation by the guest's own time-stamp counter, without the baseline, in its cycles.
  public var cycles: Distribution?
  /// The same in ns.
  public var nanoseconds: Distribution?
  /// The baseline: reading the counter twice, in cycles.
  public var baselineCycles: Distribution?
  public var hostClock: HostClock?
  /// Returns of KVM_RUN for all `operations` together; nil for rows without a guest.
  public var exitsToUserSpace: UInt64?
  public var count: Count?
  /// Why nobody counted.
  public var countUnavailable: String?
  /// Why it may be no exit at all on this host, where nobody counted.
  public var mayBeNoExit: String?
  /// The median as a multiple of that of a system call of the same run.
  public var systemCalls: Double?

  /// By the host's clock, in ns for one operation, without the baseline.
  public struct HostClock: Codable, Equatable, Sendable {
    public let batches: Int
    public let minimumNs: Double
    public let medianNs: Double
  }

  /// What somebody else counted.
  public struct Count: Codable, Equatable, Sendable {
    /// `ledger`, `eventfd`, a statistic of KVM's, a tracepoint.
    public let by: String
    /// Operations while it counted.
    public let operations: UInt64
    public let counted: UInt64
    /// The count is what it must be.
    public let verified: Bool
    /// Why it may be 0.
    public let silence: String?
  }

  /// A witness saw the exits, or there is no doubt of them: what it costs may be compared with what an exit costs.
  var isExit: Bool { count?.silence == nil && mayBeNoExit == nil }

  init(_ line: BenchCase) {
    name = line.row.name
    group = line.row.group
    summary = line.row.summary
    cpl = line.level
  }

  /// Enters the times.
  mutating func take(_ raw: RawMeasurement, timestampKHz: Int) {
    operations = raw.operations
    operationsPerSample = raw.group
    let ticks = raw.ticks
    cycles = ticks
    nanoseconds = ticks.scaled(by: 1e6 / Double(timestampKHz))
    baselineCycles = Distribution(raw.baseline.map(Double.init))
    let clock = raw.hostNanoseconds
    hostClock = HostClock(batches: clock.samples, minimumNs: clock.minimum, medianNs: clock.median)
  }
}
