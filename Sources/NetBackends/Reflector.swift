import VMM

/// Sends each frame back with the places of sender and receiver exchanged.
///
/// Frames wait in a queue of fixed size for the guest to take them; one that finds no room is dropped. All frames are
/// checked like ``Sink`` does, and also those that do not prove themselves are returned, for a wire does not look; only
/// what is too short for two addresses, or too long for a frame, is not.
///
/// A frame comes back as it was sent, with the same work undone, where the guest accepts that; else done.
public final class Reflector: NetBackend, @unchecked Sendable {
  /// Bytes that can wait; a frame takes 16 more than its length.
  public static let capacity = 8 << 20
  /// Lengths in bytes of the frames that are returned.
  public static let lengths = 14...NetBackend.longestFrame

  private let space = HostBuffer(count: NetBackend.longestFrame)
  private let queue = FrameQueue(capacity: capacity)
  private let segmenter = Segmenter()
  private var accepted: Offloads = []
  private var check = FrameCheck()
  private var unreturned: UInt64 = 0

  public init() {
    super.init(name: "reflector")
  }

  public override var accepts: Offloads { .all }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    let whole: InlineArray<1, MemoryView> = [frame.gathered(into: space.view)]
    check.take(whole[0], offload)
    guard Self.lengths.contains(frame.byteCount) else { return }
    queue.rewind()
    if offload.needs.isSubset(of: accepted) { return append(whole.span, offload) }
    do throws(SegmenterProblem) {
      try segmenter.complete(whole.span, offload) { finished in
        let one: InlineArray<1, MemoryView> = [finished]
        append(one.span, .none)
      }
    } catch {
      unreturned &+= 1
    }
  }

  private func append(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    if !queue.append(frame, offload, finish: Self.exchange) { unreturned &+= 1 }
  }

  public override func guestAccepts(_ offloads: Offloads) {
    accepted = offloads
  }

  public override var nextLength: Int? {
    // What waited for a driver that is gone, and asks too much of the new one.
    while !queue.firstOffload.needs.isSubset(of: accepted) {
      unreturned &+= 1
      dropNext()
    }
    return queue.first?.count
  }

  public override var nextOffload: Offload { queue.firstOffload }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    guard let frame = queue.first else { return }
    var cursor = PieceCursor()
    cursor.copy(frame, to: buffers)
    queue.removeFirst()
  }

  public override func dropNext() {
    queue.removeFirst()
  }

  public override var lost: UInt64 { check.lost }
  public override var corrupt: UInt64 { check.corrupt }
  public override var dropped: UInt64 { unreturned }

  /// Exchanges the addresses of Ethernet, and in a stream those of IPv4 and TCP's ports. Sums do not mind the order.
  private static func exchange(_ frame: MemoryView) {
    exchange(frame, UInt32.self, at: 0, 6)
    exchange(frame, UInt16.self, at: 4, 10)
    guard StreamFormat.isStream(frame) else { return }
    exchange(frame, UInt32.self, at: StreamFormat.network + 12, StreamFormat.network + 16)
    exchange(frame, UInt16.self, at: StreamFormat.transport, StreamFormat.transport + 2)
  }

  private static func exchange<T: GuestInteger>(_ frame: MemoryView, _: T.Type, at a: Int, _ b: Int) {
    let (first, second): (T, T) = (frame.load(at: a), frame.load(at: b))
    frame.store(second, at: a)
    frame.store(first, at: b)
  }
}
