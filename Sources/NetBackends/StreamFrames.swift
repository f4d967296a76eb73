import VMM

/// Frames behind their lengths, as bytes of a stream, in a buffer of fixed size: those that wait to be sent, or what has
/// arrived so far.
final class StreamFrames {
  /// Bytes of the length in front of each frame, big endian.
  static let prefixCount = 4
  private static let lengths = 1...NetBackend.longestFrame

  private let space: HostBuffer
  /// Where the first frame that is not through yet begins, with its length.
  private var start = 0
  /// Up to where bytes were sent.
  private var sent = 0
  private var end = 0
  /// Frames to be sent that are not through yet.
  private(set) var waiting: UInt64 = 0

  /// - Parameter capacity: in bytes, enough for the longest frame with its length, twice.
  init(capacity: Int) {
    space = HostBuffer(count: capacity)
  }

  func clear() {
    (start, sent, end, waiting) = (0, 0, 0, 0)
  }

  /// The first frame, nil as long as a part of it is missing.
  var first: MemoryView? {
    let arrived = end - start - Self.prefixCount
    guard arrived >= 0, isSound, firstLength <= arrived else { return nil }
    return space.view.slice(start + Self.prefixCount, firstLength)!
  }

  private var firstLength: Int { length(at: start) }

  private func length(at place: Int) -> Int { Int(space.view.loadBigEndian(UInt32.self, at: place)) }

  func removeFirst() {
    guard let first else { return }
    start += Self.prefixCount + first.count
    if start == end { clear() }
  }

  /// Makes room at the end.
  private func compact() {
    guard start > 0 else { return }
    space.view.copy(from: space.view.slice(start, end - start)!)
    (start, sent, end) = (0, sent - start, end - start)
  }

  // MARK: What arrives

  /// The space for the next bytes. There is some: a frame that fills all was taken before.
  func room() -> MemoryView {
    if space.view.count - end < NetBackend.longestFrame { compact() }
    return space.view.slice(end, space.view.count - end)!
  }

  func markReceived(_ count: Int) {
    end += count
  }

  /// Forgets what is no whole frame: the rest of it will not come.
  func keepWholeFrames() {
    var whole = start
    while end - whole >= Self.prefixCount {
      let next = whole + Self.prefixCount + length(at: whole)
      guard Self.lengths.contains(length(at: whole)), next <= end else { break }
      whole = next
    }
    end = whole
    if start == end { clear() }
  }

  /// The first frame can be one. What sends others has lost its place in the stream.
  var isSound: Bool {
    end - start < Self.prefixCount || Self.lengths.contains(firstLength)
  }

  // MARK: What waits to be sent

  /// Appends a frame of which `sent` bytes are through, with those of its length. False where there is no room.
  func append(_ prefix: MemoryView, _ frame: borrowing Span<MemoryView>, sent already: Int) -> Bool {
    let whole = prefix.count + frame.byteCount
    if space.view.count - end < whole { compact() }
    guard let target = space.view.slice(end, whole) else { return false }
    target.copy(from: prefix)
    var cursor = PieceCursor()
    cursor.copy(from: frame, to: target.slice(prefix.count, whole - prefix.count)!)
    sent += already
    end += whole
    waiting += 1
    return true
  }

  var unsent: MemoryView { space.view.slice(sent, end - sent)! }

  func markSent(_ count: Int) {
    sent += count
    while start < end, sent - start >= Self.prefixCount + firstLength {
      start += Self.prefixCount + firstLength
      waiting -= 1
    }
    if start == end { clear() }
  }
}
