/// The wire from a device to an interrupt controller: level-triggered, and injected, so that a device knows
/// no KVM and its test can watch the wire.
///
/// Called with the device's gate closed, by one thread at a time.
open class InterruptLine: @unchecked Sendable {
  /// How often the line rose: the interrupts that the device asked for.
  public private(set) final var raised: UInt64 = 0
  public private(set) final var isAsserted = false

  public init() {}

  /// Drives the line; only a change reaches the controller.
  public final func set(_ asserted: Bool) {
    guard asserted != isAsserted else { return }
    isAsserted = asserted
    if asserted { raised &+= 1 }
    drive(asserted)
  }

  /// Hands the new level to the interrupt controller. On its own a line leads nowhere.
  open func drive(_ asserted: Bool) {}
}
