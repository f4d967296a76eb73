/// A buffer of the VMM's own, zeroed, whose pages are touched only when used.
public final class HostBuffer: Sendable {
  /// All of the buffer. Valid as long as the buffer is.
  public let view: MemoryView

  /// - Parameter count: length in bytes, more than 0.
  public init(count: Int) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    view = unsafe MemoryView(base: memory, count: count)
    view.clear()
  }

  deinit {
    unsafe view.base.deallocate()
  }
}
