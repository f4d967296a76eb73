/// An interrupt controller in user space, for machines without the in-kernel ones (`--irqchip none`).
public protocol UserInterruptController: AnyObject, Sendable {
  /// INTR is asserted. Read by the vCPU's thread before each KVM_RUN, and without a lock.
  var hasPending: Bool { get }
  /// The processor's INTA cycle: the vector of the interrupt that it now serves.
  func acknowledge() -> UInt8
  /// The wire for an input, 0–15.
  func line(_ number: Int) -> InterruptLine
  /// Called after INTR rose, by the thread that drove a line.
  func onInterruptRequest(_ body: @escaping @Sendable () -> Void)
}
