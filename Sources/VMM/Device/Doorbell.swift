import CLinux
import KVM
import Synchronization

/// A register whose writes do not leave the kernel: KVM adds one to an eventfd instead (KVM_IOEVENTFD), and a thread of
/// the device's answers when it likes.
///
/// The value written is lost, unless it is the one that rings. Several writes may be answered at once; none is forgotten.
public final class Doorbell: Sendable {
  /// From the base of its window, in bytes.
  public let offset: Int
  /// Of the write in bytes: 1, 2, 4 or 8; 0 for any, which KVM answers the fastest.
  public let size: Int
  /// Only writes of this value ring; nil for all.
  public let value: UInt64?
  private let event: WakeUp
  /// Rings that were taken. Taking and counting are one step, for whoever counts in the middle of traffic.
  private let answered = Mutex<UInt64>(0)

  /// - Throws: ``KVMError`` where the system has no eventfd to give.
  public init(at offset: Int, size: Int = 0, value: UInt64? = nil) throws(KVMError) {
    self.offset = offset
    self.size = size
    self.value = value
    event = try WakeUp()
  }

  /// For poll(2): readable once rung.
  public var number: Int32 { event.number }

  /// Rings, as KVM does for the guest.
  public func ring() {
    event.signal()
  }

  /// Takes the rings since the last call and says how many they were, without waiting.
  public func answer() -> UInt64 {
    answered.withLock { answered in
      let rings = event.take()
      answered &+= rings
      return rings
    }
  }

  /// Sleeps until it has rung, or until `other` is signalled.
  public func wait(orFor other: WakeUp) {
    var items = [
      pollfd(fd: event.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: other.number, events: Int16(POLLIN), revents: 0),
    ]
    _ = unsafe poll(&items, 2, -1)
  }

  /// All rings so far. Exact once the vCPUs have stopped: it takes those that nobody answered.
  public func total() -> UInt64 {
    answered.withLock { answered in
      answered &+= event.take()
      return answered
    }
  }
}
