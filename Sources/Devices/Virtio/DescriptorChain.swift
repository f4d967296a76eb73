import VMM

/// The buffers of one chain: readable ones first, then writable ones, each checked to lie in guest memory.
///
/// A queue has one, filled by ``SplitQueue/pop()`` and valid until the next pop, so that a chain costs no
/// allocation. It is read and written like a stream: how the driver cut its buffers is its own affair
/// (virtio 1.2, section 2.7.4.1).
public final class DescriptorChain {
  /// Index of the first descriptor, by which the driver knows the chain.
  public private(set) var head: UInt16 = 0
  /// Bytes not yet read.
  public private(set) var readableCount = 0
  /// Bytes not yet written.
  public private(set) var writableCount = 0
  private var buffers: [MemoryView] = []
  /// Where reading goes on, where the readable buffers end, and where writing goes on.
  private var reading = 0
  private var readableEnd = 0
  private var writing = 0

  /// - Parameter capacity: the most buffers that a chain can have.
  init(capacity: Int) {
    buffers.reserveCapacity(capacity)
  }

  func begin(_ head: UInt16) {
    self.head = head
    buffers.removeAll(keepingCapacity: true)
    readableCount = 0
    writableCount = 0
    reading = 0
    readableEnd = 0
    writing = 0
  }

  func appendReadable(_ buffer: MemoryView) {
    buffers.append(buffer)
    readableCount += buffer.count
    readableEnd = buffers.count
    writing = readableEnd
  }

  func appendWritable(_ buffer: MemoryView) {
    buffers.append(buffer)
    writableCount += buffer.count
  }

  /// Passes over the next `count` bytes, at most ``readableCount``.
  public func skip(_ count: Int) {
    precondition(count <= readableCount)
    readableCount -= count
    reading = take(count, from: reading)
  }

  /// All bytes not yet read, in one piece: where they lie if that is one buffer, otherwise copied into `space`,
  /// which has room for ``readableCount``.
  public func gather(into space: MemoryView) -> MemoryView {
    if readableEnd - reading == 1 { return buffers[reading] }
    var offset = 0
    for index in reading..<readableEnd {
      space.copy(from: buffers[index], at: offset)
      offset += buffers[index].count
    }
    return space.slice(0, offset)!
  }

  /// Writes all of `source`, at most ``writableCount`` bytes.
  public func write(_ source: MemoryView) {
    precondition(source.count <= writableCount)
    var index = writing
    var offset = 0
    while offset < source.count {
      let step = min(source.count - offset, buffers[index].count)
      buffers[index].copy(from: source.slice(offset, step)!)
      offset += step
      index += 1
    }
    writableCount -= source.count
    writing = take(source.count, from: writing)
  }

  /// Lends the buffers not yet written, in order.
  public func withWritable(_ body: (borrowing Span<MemoryView>) -> Void) {
    let buffers = buffers
    let span = buffers.span
    body(span.extracting(writing..<span.count))
  }

  /// Takes `count` bytes off the front of the buffers from `index` on; the index of the first that is left.
  private func take(_ count: Int, from index: Int) -> Int {
    var index = index
    var left = count
    while left > 0 {
      let buffer = buffers[index]
      guard left >= buffer.count else {
        buffers[index] = buffer.slice(left, buffer.count - left)!
        break
      }
      left -= buffer.count
      index += 1
    }
    return index
  }
}
