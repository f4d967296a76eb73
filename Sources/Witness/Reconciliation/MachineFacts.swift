import VMM

/// What the ledger and the devices of a machine know of themselves, for the other witnesses to be held against.
public struct MachineFacts: Sendable {
  /// One device, or the addresses that belong to nobody.
  public struct Device: Sendable {
    public let name: String
    /// Exits to user space that it answered, by space.
    public var exits: [Window.Space: UInt64] = [:]
    /// Writes that KVM kept in the coalesced ring.
    public var coalesced: [Window.Space: UInt64] = [:]
    /// Writes that KVM turned into signals.
    public var doorbells: [Window.Space: UInt64] = [:]

    public init(name: String) {
      self.name = name
    }

    /// What of a space KVM answered without coming to user space.
    public func absorbed(_ space: Window.Space) -> UInt64 {
      (coalesced[space] ?? 0) + (doorbells[space] ?? 0)
    }
  }

  /// Exits to user space on all vCPUs, by the name of the reason.
  public var exits: [ExitReason: UInt64]
  /// In the order of the report; the unclaimed addresses are not among them.
  public var devices: [Device]
  /// The addresses that belong to nobody, as if they were a device.
  public var unclaimed: Device
  /// How often each interrupt line rose, by its number.
  public var raised: [Int: UInt64]
  /// How many interrupts devices sent as messages.
  public var messages: UInt64
  /// The spaces in which the guest used windows that it had moved, or missed them.
  public var strays: Set<Window.Space>

  /// - Parameters:
  ///   - exits: to user space, by reason, over all vCPUs.
  ///   - devices: in the order of the report.
  ///   - unclaimed: the addresses that belong to nobody.
  ///   - raised: rises of each interrupt line, by its number.
  ///   - messages: interrupts that were sent as messages.
  ///   - strays: spaces in which the guest used windows that it had moved, or missed them.
  public init(
    exits: [ExitReason: UInt64], devices: [Device], unclaimed: Device, raised: [Int: UInt64],
    messages: UInt64,
    strays: Set<Window.Space> = []
  ) {
    self.exits = exits
    self.devices = devices
    self.unclaimed = unclaimed
    self.raised = raised
    self.messages = messages
    self.strays = strays
  }
}
