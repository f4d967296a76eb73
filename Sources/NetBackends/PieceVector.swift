import CLinux
import VMM

/// A header and a frame's pieces as system calls take them. Made once, so that a frame costs no allocation.
@safe
final class PieceVector: @unchecked Sendable {
  /// What one call takes (IOV_MAX).
  private static let capacity = 1024

  private let pieces = UnsafeMutablePointer<iovec>.allocate(capacity: capacity)
  private let space = HostBuffer(count: NetBackend.longestFrame)
  private var count = 0

  deinit {
    unsafe pieces.deallocate()
  }

  /// Takes `header` and the first `length` bytes of `frame`, in fewer pieces if they are too many.
  func fill(_ header: MemoryView, _ frame: borrowing Span<MemoryView>, _ length: Int) {
    count = 0
    append(header)
    guard frame.count < Self.capacity else {
      var cursor = PieceCursor()
      let whole = space.view.slice(0, length)!
      cursor.copy(from: frame, to: whole)
      return append(whole)
    }
    var left = length
    for index in frame.indices where left > 0 {
      let step = min(frame[index].count, left)
      append(frame[index].slice(0, step)!)
      left -= step
    }
  }

  private func append(_ view: MemoryView) {
    unsafe view.withUnsafeBytes { bytes in
      unsafe pieces[count] = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
    }
    count += 1
  }

  /// writev(2): the bytes written, or a negative errno.
  func write(to descriptor: Int32) -> Int {
    unsafe linux_write_vector(descriptor, pieces, Int32(count))
  }

  /// send(2), likewise.
  func send(to descriptor: Int32) -> Int {
    unsafe linux_send(descriptor, pieces, count)
  }
}
