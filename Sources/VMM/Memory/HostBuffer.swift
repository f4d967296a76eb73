import CLinux

/// A buffer of the VMM's own, zeroed. A large one costs nothing until its pages are touched, as calloc(3) takes them
/// fresh from the kernel.
public final class HostBuffer: Sendable {
  /// All of the buffer. Valid as long as the buffer is.
  public let view: MemoryView

  /// - Parameter count: length in bytes, more than 0.
  public init(count: Int) {
    guard let base = unsafe calloc(1, count) else { fatalError("no memory for a buffer of \(count) bytes") }
    view = unsafe MemoryView(base: base, count: count)
  }

  deinit {
    unsafe free(view.base)
  }
}
