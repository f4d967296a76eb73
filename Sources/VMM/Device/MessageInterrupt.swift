import KVM

/// An interrupt that a device sends as a message, a write of `data` to `address` (MSI, MSI-X): injected, so that a
/// device knows no KVM and its test sees what was sent.
///
/// Called with the device's gate closed.
open class MessageInterrupt: @unchecked Sendable {
  /// How often it was sent.
  public private(set) final var sent: UInt64 = 0
  private final var isRouted = false

  public init() {}

  /// Chooses the message. Until then, or after nil or an error, nothing is sent.
  ///
  /// - Throws: ``KVMError`` for a message that the machine does not take.
  public final func route(_ message: Message?) throws(KVMError) {
    isRouted = false
    try lead(to: message)
    isRouted = message != nil
  }

  /// Sends it.
  public final func send() {
    guard isRouted else { return }
    sent &+= 1
    deliver()
  }

  /// Prepares its way. On its own a message leads nowhere.
  open func lead(to message: Message?) throws(KVMError) {}

  /// Hands it to the machine.
  open func deliver() {}

  /// What the guest wrote into the table or the capability (PCI 3.0, sections 6.8.1 and 6.8.2).
  public struct Message: Equatable, Sendable {
    public var address: UInt64
    public var data: UInt32

    public init(address: UInt64, data: UInt32) {
      self.address = address
      self.data = data
    }
  }
}
