import KVM
import Synchronization
import VMM

/// One of the two ends of a wire between two NICs of this process. Each end belongs to its NIC and its gate; between
/// the two lie queues with one writer and one reader each.
///
/// An end takes any work undone, for its NIC says what it offers before the guest at the other end has said what it
/// accepts. What that guest does not accept the end does itself.
public final class BridgeEnd: NetBackend, @unchecked Sendable {
  /// Bytes that can wait in each direction; a frame takes 16 more than its length.
  public static let capacity = 8 << 20

  /// What one end is to the other.
  private final class Side: Sendable {
    let queue = FrameQueue(capacity: capacity)
    let arrived: WakeUp
    /// The reader found nothing and waits for ``arrived``.
    let isWaiting = Atomic(true)
    /// Raw value of the ``Offloads`` that the reader's guest accepts.
    let accepted = Atomic<UInt8>(0)

    init() throws(KVMError) {
      arrived = try WakeUp()
    }
  }

  private let mine: Side
  private let other: Side
  private let segmenter = Segmenter()
  /// Frames of this guest's that found no room or asked for what cannot be done, and those of the other's that this one
  /// accepted no longer.
  private var undelivered: UInt64 = 0

  /// Makes a wire: its two ends.
  ///
  /// - Throws: ``KVMError`` where the system has no eventfd to give.
  public static func makeWire() throws(KVMError) -> (BridgeEnd, BridgeEnd) {
    let (left, right) = (try Side(), try Side())
    return (BridgeEnd(mine: left, other: right), BridgeEnd(mine: right, other: left))
  }

  private init(mine: Side, other: Side) {
    self.mine = mine
    self.other = other
    super.init(name: "bridge")
  }

  public override var accepts: Offloads { .all }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    let accepted = Offloads(rawValue: other.accepted.load(ordering: .relaxed))
    if offload.needs.isSubset(of: accepted) { return send(frame, offload) }
    do throws(SegmenterProblem) {
      try segmenter.complete(frame, offload) { finished in
        let one: InlineArray<1, MemoryView> = [finished]
        send(one.span, .none)
      }
    } catch {
      undelivered &+= 1
    }
  }

  private func send(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    guard frame.byteCount <= NetBackend.longestFrame, other.queue.append(frame, offload) else {
      undelivered &+= 1
      return
    }
    // The frame is in the queue before the flag is looked at; the reader does the same the other way around.
    if other.isWaiting.exchange(false, ordering: .sequentiallyConsistent) { other.arrived.signal() }
  }

  public override func guestAccepts(_ offloads: Offloads) {
    mine.accepted.store(offloads.rawValue, ordering: .relaxed)
  }

  public override var nextLength: Int? {
    if let length = acceptableLength { return length }
    mine.arrived.clear()
    mine.isWaiting.store(true, ordering: .sequentiallyConsistent)
    return acceptableLength
  }

  /// Passes over what was sent before the guest accepted less.
  private var acceptableLength: Int? {
    let accepted = Offloads(rawValue: mine.accepted.load(ordering: .relaxed))
    while !mine.queue.firstOffload.needs.isSubset(of: accepted) {
      undelivered &+= 1
      dropNext()
    }
    return mine.queue.first?.count
  }

  public override var nextOffload: Offload { mine.queue.firstOffload }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    guard let frame = mine.queue.first else { return }
    var cursor = PieceCursor()
    cursor.copy(frame, to: buffers)
    dropNext()
  }

  public override func dropNext() {
    mine.queue.removeFirst()
  }

  public override var descriptor: Int32? { mine.arrived.number }

  public override var dropped: UInt64 { undelivered }
}
