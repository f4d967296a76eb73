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
  ///
  /// - Parameter isOver: asked while it waits; a byte that is still here when the run is over is lost.
  public func put(_ byte: UInt8, unless isOver: () -> Bool) {
    // poll(2) waits for ever for a descriptor that is none, as that of an output that nobody wants.
    guard descriptor >= 0 else { return }
    // Room first: write(2) on a full pipe would sleep through a kick that came just before it.
    var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    while unsafe poll(&item, 1, isOver() ? 0 : Self.patience) <= 0 {
      if isOver() {
        lostBytes.add(1, ordering: .relaxed)
        return
      }
    }
    var byte = byte
    while unsafe write(descriptor, &byte, 1) != 1 {
      if linux_errno() == EINTR || linux_errno() == EAGAIN, !isOver() { continue }
      lostBytes.add(1, ordering: .relaxed)
      return
    }
  }

  /// How long a wait lasts before it looks again whether the run is over, in ms.
  private static let patience: Int32 = 100
}
