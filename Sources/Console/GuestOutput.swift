import CLinux
import Synchronization

/// Where a guest's serial output goes: a file descriptor, byte by byte as the guest writes.
///
/// A guest's prompt without a newline must be seen at once, so nothing is kept back; a write(2) costs a small
/// part of the exit that brought the byte. Guests that share a descriptor are told apart by a mark before each line,
/// and there a line leaves when it is complete.
public final class GuestOutput: Sendable {
  private let descriptor: Int32
  private let line: MarkedLine?
  private let lostBytes = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - descriptor: open as long as the output is used; stdout for programs.
  ///   - mark: stands before each line; nil lets every byte out as it comes.
  public init(descriptor: Int32, mark: String? = nil) {
    self.descriptor = descriptor
    line = mark.map(MarkedLine.init)
  }

  /// Bytes that the descriptor did not take: its reader went away, or its disk is full.
  public var lost: UInt64 { lostBytes.load(ordering: .relaxed) }

  /// Writes one byte, waiting while a slow reader's pipe is full.
  ///
  /// - Parameter isOver: asked while it waits; a byte that is still here when the run is over is lost.
  public func put(_ byte: UInt8, unless isOver: () -> Bool) {
    // poll(2) waits for ever for a descriptor that is none, as that of an output that nobody wants.
    guard descriptor >= 0 else { return }
    if let line { return line.append(byte) { write($0, unless: isOver) } }
    let one: InlineArray<1, UInt8> = [byte]
    write(one.span, unless: isOver)
  }

  /// Lets out what the guest left of a line. After the run.
  public func finish() {
    line?.complete { write($0, unless: { true }) }
  }

  private func write(_ bytes: Span<UInt8>, unless isOver: () -> Bool) {
    var written = 0
    while written < bytes.count, hasRoom(unless: isOver) {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe CLinux.write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count > 0 {
        written += count
      } else if linux_errno() != EINTR && linux_errno() != EAGAIN || isOver() {
        break
      }
    }
    if written < bytes.count { lostBytes.add(UInt64(bytes.count - written), ordering: .relaxed) }
  }

  /// Waits for room: write(2) on a full pipe would sleep through a kick that came just before it.
  private func hasRoom(unless isOver: () -> Bool) -> Bool {
    var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    while unsafe poll(&item, 1, isOver() ? 0 : Self.patience) <= 0 {
      if isOver() { return false }
    }
    return true
  }

  /// How long a wait lasts before it looks again whether the run is over, in ms.
  private static let patience: Int32 = 100
}

/// The line that a guest is writing, behind its mark.
private final class MarkedLine: Sendable {
  /// In bytes, with mark and newline; a longer line is broken. What pipe(7) takes as one is longer.
  private static let longest = 1024
  private static let newline = UInt8(ascii: "\n")

  private let markCount: Int
  private let bytes: Mutex<[UInt8]>

  init(mark: String) {
    markCount = mark.utf8.count
    bytes = Mutex(Array(mark.utf8))
  }

  /// Appends a byte. A line that it completes goes to `write`.
  func append(_ byte: UInt8, write: (Span<UInt8>) -> Void) {
    bytes.withLock { bytes in
      bytes.append(byte)
      if byte != Self.newline, bytes.count == Self.longest - 1 { bytes.append(Self.newline) }
      guard bytes.last == Self.newline else { return }
      write(bytes.span)
      bytes.removeSubrange(markCount...)
    }
  }

  /// Ends a line that has begun.
  func complete(write: (Span<UInt8>) -> Void) {
    guard bytes.withLock({ $0.count > markCount }) else { return }
    append(Self.newline, write: write)
  }
}
