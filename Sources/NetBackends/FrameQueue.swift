import Synchronization
import VMM

/// Frames that wait, with what is still to be done to them, in a ring of so many bytes: one thread appends, one takes.
final class FrameQueue: @unchecked Sendable {
  /// In front of each frame, which is aligned as well: its length in 4 bytes, and ``Offload/headerCount`` more.
  private static let headerCount = 16
  /// In the place of a frame's length: the next one lies at the ring's beginning.
  private static let wrap = UInt32.max

  private let space: HostBuffer
  private let capacity: Int
  /// Bytes appended and taken since the beginning.
  private let appended = Atomic(0)
  private let taken = Atomic(0)

  /// - Parameter capacity: in bytes, a multiple of 8; a frame takes 16 more than its length.
  init(capacity: Int) {
    self.capacity = capacity
    space = HostBuffer(count: capacity)
  }

  var isEmpty: Bool {
    taken.load(ordering: .relaxed) == appended.load(ordering: .sequentiallyConsistent)
  }

  // MARK: For the thread that appends

  /// Appends a frame, which `finish` may change before the other thread sees it. False where there is no room.
  func append(
    _ frame: borrowing Span<MemoryView>, _ offload: Offload, finish: (MemoryView) -> Void = { _ in }
  ) -> Bool {
    let length = frame.byteCount
    let need = Self.headerCount + (length + 7) & ~7
    var end = appended.load(ordering: .relaxed)
    let toWrap = capacity - end % capacity
    let skipped = need > toWrap ? toWrap : 0
    guard end - taken.load(ordering: .acquiring) + skipped + need <= capacity else { return false }
    if skipped > 0 { space.view.store(Self.wrap, at: end % capacity) }
    end += skipped
    let entry = space.view.slice(end % capacity, need)!
    entry.store(UInt32(length), at: 0)
    offload.store(in: entry.slice(4, Offload.headerCount)!)
    let copy = entry.slice(Self.headerCount, length)!
    var cursor = PieceCursor()
    cursor.copy(from: frame, to: copy)
    finish(copy)
    appended.store(end + need, ordering: .sequentiallyConsistent)
    return true
  }

  // MARK: For the thread that takes

  /// The first frame, nil where there is none. Valid until it is removed.
  var first: MemoryView? {
    entry.map { $0.slice(Self.headerCount, $0.count - Self.headerCount)! }
  }

  /// What is to be done to the first frame.
  var firstOffload: Offload {
    entry.flatMap { Offload(loadedFrom: $0.slice(4, Offload.headerCount)!) } ?? .none
  }

  /// Forgets the first frame, if there is one.
  func removeFirst() {
    guard let entry else { return }
    taken.store(
      taken.load(ordering: .relaxed) + (entry.count + 7) & ~7, ordering: .releasing)
  }

  /// Begins anew at the ring's beginning if nothing waits, so that few frames touch little memory. For an owner that
  /// appends and takes on one thread.
  func rewind() {
    guard isEmpty else { return }
    appended.store(0, ordering: .relaxed)
    taken.store(0, ordering: .relaxed)
  }

  /// The first frame with its header.
  private var entry: MemoryView? {
    var start = taken.load(ordering: .relaxed)
    guard start != appended.load(ordering: .sequentiallyConsistent) else { return nil }
    if space.view.load(at: start % capacity) == Self.wrap {
      start += capacity - start % capacity
      taken.store(start, ordering: .releasing)
    }
    let length = Int(space.view.load(UInt32.self, at: start % capacity))
    return space.view.slice(start % capacity, Self.headerCount + length)!
  }
}
