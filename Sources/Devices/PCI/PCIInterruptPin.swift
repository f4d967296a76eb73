import VMM

/// INTA# of a function: a level that reaches its wire unless the guest has switched it off, and that the status register
/// shows in either case (PCI 3.0, sections 6.2.2 and 6.2.3). MSI tells of the same level.
///
/// Called with the device's gate closed.
public final class PCIInterruptPin: InterruptLine, @unchecked Sendable {
  private let wire: InterruptLine?
  private let msi: MSI?
  private let show: (Bool) -> Void
  /// By the command register, or because the function sends messages instead (PCI 3.0, sections 6.8.1.3 and 6.8.2.3).
  var isDisabled = false {
    didSet { wire?.set(isAsserted && !isDisabled) }
  }

  init(_ wire: InterruptLine?, _ msi: MSI?, show: @escaping (Bool) -> Void) {
    self.wire = wire
    self.msi = msi
    self.show = show
  }

  /// How often the wire rose.
  var raisedOnWire: UInt64 { wire?.raised ?? 0 }

  public override func drive(_ asserted: Bool) {
    show(asserted)
    wire?.set(asserted && !isDisabled)
    msi?.follow(asserted)
  }
}
