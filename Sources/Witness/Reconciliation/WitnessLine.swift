/// One count, as each witness has it. All the counts of a line are the same number by the rules of
/// docs/witnesses.md; where they differ, one of the witnesses is wrong.
public struct WitnessLine: Codable, Equatable, Sendable {
  /// What is counted: `exits to user space: io`, `uart: ports`, `interrupt line 4`.
  public let subject: String
  /// Exits, and writes absorbed by KVM on behalf of a device, as the VMM itself knows them.
  public let ledger: UInt64?
  /// Tracepoints of KVM's software: kvm_userspace_exit, kvm_pio, kvm_mmio and so on.
  public let tracepoints: UInt64?
  /// The tracepoint kvm_exit, which fires at each exit of the hardware.
  public let hardwareExits: UInt64?
  /// KVM's statistics, summed over the vCPUs.
  public let statistics: UInt64?
  /// The witnesses of this host that must agree, each with what it counts.
  public let relation: String
  /// The largest count less the smallest; nil where fewer than two witnesses saw it.
  public let difference: UInt64?

  init(
    _ subject: String, ledger: UInt64?, tracepoints: UInt64?, hardwareExits: UInt64?, statistics: UInt64?,
    relation: String
  ) {
    self.subject = subject
    self.ledger = ledger
    self.tracepoints = tracepoints
    self.hardwareExits = hardwareExits
    self.statistics = statistics
    self.relation = relation
    let counts = [ledger, tracepoints, hardwareExits, statistics].compactMap { $0 }
    difference = counts.count > 1 ? counts.max()! - counts.min()! : nil
  }

  /// What was counted since `earlier`, the same line at an earlier moment.
  public func since(_ earlier: WitnessLine) -> WitnessLine {
    func difference(_ count: KeyPath<WitnessLine, UInt64?>) -> UInt64? {
      guard let now = self[keyPath: count], let then = earlier[keyPath: count] else { return nil }
      return now &- then
    }
    return WitnessLine(
      subject, ledger: difference(\.ledger), tracepoints: difference(\.tracepoints),
      hardwareExits: difference(\.hardwareExits), statistics: difference(\.statistics), relation: relation)
  }

  /// Somebody counted something.
  public var isUsed: Bool {
    [ledger, tracepoints, hardwareExits, statistics].contains { $0 ?? 0 > 0 }
  }
}
