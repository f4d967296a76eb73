import VMM

/// The buffers of one chain: readable ones first, then writable ones, each checked to lie in guest memory. Several chains
/// of writable buffers can be joined into one.
///
/// A queue has one, filled by ``SplitQueue/pop()`` and valid until the next pop, so that a chain costs no
/// allocation. It is read and written like a stream: how the driver cut its buffers is its own affair
/// (virtio 1.2, section 2.7.4.1).
public final class DescriptorChain {
  /// One chain of those that were joined.
  struct Link {
    /// Index of the first descriptor, by which the driver knows the chain.
    let head: UInt16
    var bufferCount = 0
    var byteCount = 0
    /// Bytes of the writable buffers, written or not.
    var writableCount = 0
  }

  /// Bytes not yet read.
  public private(set) var readableCount = 0
  /// Bytes not yet written.
  public private(set) var writableCount = 0
  private(set) var links: [Link] = []
  private var buffers: [MemoryView] = []
  /// Where reading goes on, where the readable buffers end, and where writing goes on.
  private var reading = 0
  private var readableEnd = 0
  private var writing = 0

  /// - Parameter capacity: the most buffers that a chain can have.
  init(capacity: Int) {
    buffers.reserveCapacity(capacity)
    links.reserveCapacity(capacity)
  }

  /// Index of the first descriptor of the first chain.
  public var head: UInt16 { links.first?.head ?? 0 }

  /// How many chains were joined.
  public var linkCount: Int { links.count }

  /// The chain that is being added to.
  var lastLink: Link { links[links.count - 1] }

  func begin(_ head: UInt16) {
    links.removeAll(keepingCapacity: true)
    buffers.removeAll(keepingCapacity: true)
    readableCount = 0
    writableCount = 0
    reading = 0
    readableEnd = 0
    writing = 0
    join(head)
  }

  func join(_ head: UInt16) {
    links.append(Link(head: head))
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
    links[links.count - 1].writableCount += buffer.count
  }

  private func append(_ buffer: MemoryView) {
    buffers.append(buffer)
    links[links.count - 1].bufferCount += 1
    links[links.count - 1].byteCount += buffer.count
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

  /// Lends the buffers not yet read, in order.
  public func withReadable<R>(_ body: (borrowing Span<MemoryView>) -> R) -> R {
    let buffers = buffers
    let span = buffers.span
    return body(span.extracting(reading..<readableEnd))
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
  public func withWritable<R>(_ body: (borrowing Span<MemoryView>) -> R) -> R {
    let buffers = buffers
    let span = buffers.span
    return body(span.extracting(writing..<span.count))
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
