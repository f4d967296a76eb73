import VMM

/// The buffers of one chain: readable ones first, then writable ones, each checked to lie in guest memory. Several chains
/// of writable buffers can be joined into one.
///
/// A queue has one, filled by ``SplitQueue/pop()`` and valid until the next pop, so that a chain costs no
/// allocation. It is read and written like a stream: how the driver cut its buffers is its own affair
/// (virtio 1.2, section 2.7.4.1).
public final class DescriptorChain {
  /// One chain of those that were joined.
  private struct Link {
    /// Index of the first descriptor, by which the driver knows the chain.
    let head: UInt16
    /// Bytes of the writable buffers of the chains before it.
    let writableBefore: Int
  }

  /// Bytes not yet read.
  public private(set) var readableCount = 0
  /// Bytes not yet written.
  public private(set) var writableCount = 0
  /// How many buffers and bytes the chain has that was joined last.
  private(set) var lastBufferCount = 0
  private(set) var lastByteCount = 0
  private var links: OwnedList<Link>
  @usableFromInline var buffers: OwnedList<MemoryView>
  /// Where reading goes on, where the readable buffers end, and where writing goes on.
  @usableFromInline var reading = 0
  @usableFromInline var readableEnd = 0
  @usableFromInline var writing = 0

  /// - Parameter capacity: the most buffers that a chain can have; those of joined chains can be more.
  init(capacity: Int) {
    links = OwnedList(capacity: capacity)
    buffers = OwnedList(capacity: capacity)
  }

  /// Index of the first descriptor of the first chain.
  public var head: UInt16 { links.count > 0 ? links[0].head : 0 }

  /// Index of the first descriptor of the chain that was joined last.
  var lastHead: UInt16 { links.count > 0 ? links[links.count - 1].head : 0 }

  /// How many chains were joined.
  public var linkCount: Int { links.count }

  /// Head of one of the chains that were joined, and how many of `written` bytes, which fill one after the other, lie in it.
  func link(_ index: Int, of written: Int) -> (head: UInt16, count: Int) {
    let link = links[index]
    let end = index + 1 < links.count ? min(written, links[index + 1].writableBefore) : written
    return (link.head, max(end - link.writableBefore, 0))
  }

  func begin(_ head: UInt16) {
    links.removeAll()
    buffers.removeAll()
    readableCount = 0
    writableCount = 0
    reading = 0
    readableEnd = 0
    writing = 0
    join(head)
  }

  func join(_ head: UInt16) {
    links.append(Link(head: head, writableBefore: writableCount))
    lastBufferCount = 0
    lastByteCount = 0
  }

  func appendReadable(_ buffer: MemoryView) {
    append(buffer)
    readableCount += buffer.count
    readableEnd = buffers.count
    writing = readableEnd
  }

  func appendWritable(_ buffer: MemoryView) {
    append(buffer)
    writableCount += buffer.count
  }

  private func append(_ buffer: MemoryView) {
    buffers.append(buffer)
    lastBufferCount += 1
    lastByteCount += buffer.count
  }

  /// Passes over the next `count` bytes, at most ``readableCount``.
  public func skip(_ count: Int) {
    precondition(count <= readableCount)
    readableCount -= count
    reading = take(count, from: reading)
  }

  /// Reads the next bytes into all of `target`, at most ``readableCount`` bytes.
  public func read(into target: MemoryView) {
    precondition(target.count <= readableCount)
    var index = reading
    var offset = 0
    while offset < target.count {
      let step = min(target.count - offset, buffers[index].count)
      target.copy(from: buffers[index].slice(0, step)!, at: offset)
      offset += step
      index += 1
    }
    skip(target.count)
  }

  /// Passes over the next bytes, as many as `space` has and at most ``readableCount``, and lends them in one piece: where
  /// they lie, or copied into `space` where the driver has cut them.
  public func read(by space: MemoryView) -> MemoryView {
    guard readableCount >= space.count, let next = buffers[reading].slice(0, space.count) else {
      read(into: space)
      return space
    }
    skip(space.count)
    return next
  }

  /// Lends the buffers not yet read, in order.
  @inlinable
  public func withReadable<R>(_ body: (borrowing Span<MemoryView>) -> R) -> R {
    buffers.withSpan(reading..<readableEnd, body)
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
  @inlinable
  public func withWritable<R>(_ body: (borrowing Span<MemoryView>) -> R) -> R {
    buffers.withSpan(writing..<buffers.count, body)
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
