import CLinux
import KVM

/// Lets a thread sleep until another wakes it. A wake-up before the sleep is not lost (eventfd(2)).
public final class WakeUp: Sendable {
  private let descriptor: Descriptor

  /// - Throws: ``KVMError`` with the errno of eventfd(2).
  public init() throws(KVMError) {
    let number = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard number >= 0 else { throw KVMError("eventfd", errno: linux_errno()) }
    descriptor = Descriptor(owning: number)
  }

  /// For poll(2): readable once signalled.
  public var number: Int32 { descriptor.number }

  /// Wakes whoever waits, now or next.
  public func signal() {
    _ = eventfd_write(descriptor.number, 1)
  }

  /// Sleeps until signalled, and forgets the signal.
  public func wait() {
    var item = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&item, 1, -1)
    clear()
  }

  /// Forgets the signal.
  public func clear() {
    _ = take()
  }

  /// Forgets the signals and says how many they were, without waiting.
  public func take() -> UInt64 {
    var count: eventfd_t = 0
    return unsafe eventfd_read(descriptor.number, &count) == 0 ? count : 0
  }
}
