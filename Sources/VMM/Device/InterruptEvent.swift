import KVM
import Synchronization

/// An eventfd that interrupts the guest when it is signalled (KVM_IRQFD): from any thread, without a call to KVM, and
/// without an exit of a vCPU to user space.
public final class InterruptEvent: Sendable {
  private let event: WakeUp
  private let count = Atomic<UInt64>(0)

  init() throws(KVMError) {
    event = try WakeUp()
  }

  var number: Int32 { event.number }

  /// How often it was pulsed.
  public var raised: UInt64 { count.load(ordering: .relaxed) }

  /// One edge. Pulses that come before KVM has delivered an earlier one may become one interrupt, as on a wire.
  public func pulse() {
    count.add(1, ordering: .relaxed)
    event.signal()
  }
}
