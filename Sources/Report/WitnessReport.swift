import Witness

extension RunReport {
  /// What all witnesses said of a run, and where they agree.
  public struct WitnessReport: Codable, Equatable, Sendable {
    /// Who answered a device's accesses.
    public struct Device: Codable, Equatable, Sendable {
      public var name: String
      /// Exits that user space answered.
      public var userSpace: UInt64
      /// Accesses that KVM absorbed: into the coalesced ring, by ioeventfd, or because the device is KVM's own. Nil
      /// where nobody counts them.
      public var kernel: UInt64?
      /// Times that its interrupt line rose, nil for devices without one.
      public var interrupts: UInt64?
    }

    public var devices: [Device]
    public var lines: [WitnessLine]
    public var statistics: [MachineWitness.Statistic]
    /// Witnesses that this host does not have, with the reason.
    public var unavailable: [String: String]

    /// Lines in which the witnesses differ.
    public var differing: [WitnessLine] { lines.filter { $0.difference ?? 0 != 0 } }
  }
}
