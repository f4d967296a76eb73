import CLinux
import Synchronization

/// Where a guest's serial output goes: a file descriptor, byte by byte as the guest writes.
///
/// A guest's prompt without a newline must be seen at once, so nothing is kept back; a write(2) costs a small
/// part of the exit that brought the byte.
public final class GuestOutput: Sendable {
  private let descriptor: Int32
  private let lostBytes = Atomic<UInt64>(0)

  /// - Parameter descriptor: open as long as the output is used; stdout for programs.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  /// Bytes that the descriptor did not take: its reader went away, or its disk is full.
  public var lost: UInt64 { lostBytes.load(ordering: .relaxed) }

  /// Writes one byte, waiting while a slow reader's pipe is full.
  public func put(_ byte: UInt8) {
    var byte = byte
    while unsafe write(descriptor, &byte, 1) != 1 {
      switch linux_errno() {
      case EINTR: continue
      case EAGAIN:
        var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // A kick of this thread ends the wait too: a run that is over does not hang on a full pipe.
        if unsafe poll(&item, 1, -1) < 0 { fallthrough }
      default:
        lostBytes.add(1, ordering: .relaxed)
        return
      }
    }
  }
}
