import CLinux

/// A buffer of the VMM's own, zeroed, whose pages are touched only when used.
public final class HostBuffer: Sendable {
  /// All of the buffer. Valid as long as the buffer is.
  public let view: MemoryView

  /// - Parameter count: length in bytes, more than 0.
  public init(count: Int) {
    let mapping = linux_map_memory(count)
    guard mapping > 0, let base = unsafe UnsafeMutableRawPointer(bitPattern: mapping) else {
      fatalError("no memory for a buffer of \(count) bytes: errno \(-mapping)")
    }
    view = unsafe MemoryView(base: base, count: count)
  }

  deinit {
    unsafe munmap(view.base, view.count)
  }
}
