import VMM

/// A place in a frame of several pieces. Whoever moves it on knows that there are as many bytes.
public struct PieceCursor: Sendable {
  private var index = 0
  private var offset = 0

  /// At the first byte.
  public init() {}

  /// Passes over the next bytes, at most `count` and as many as lie in one piece, and gives them where they lie.
  public mutating func next(_ count: Int, of pieces: borrowing Span<MemoryView>) -> MemoryView {
    let piece = pieces[index]
    let part = piece.slice(offset, min(piece.count - offset, count))!
    offset += part.count
    if offset == piece.count { (index, offset) = (index + 1, 0) }
    return part
  }

  /// Fills `target` with the next bytes.
  public mutating func copy(from pieces: borrowing Span<MemoryView>, to target: MemoryView) {
    var done = 0
    while done < target.count {
      let part = next(target.count - done, of: pieces)
      target.copy(from: part, at: done)
      done += part.count
    }
  }

  /// Fills the next bytes of the pieces with all of `source`.
  mutating func copy(_ source: MemoryView, to pieces: borrowing Span<MemoryView>) {
    var done = 0
    while done < source.count {
      let part = next(source.count - done, of: pieces)
      part.copy(from: source.slice(done, part.count)!)
      done += part.count
    }
  }

  mutating func skip(_ count: Int, of pieces: borrowing Span<MemoryView>) {
    var left = count
    while left > 0 { left -= next(left, of: pieces).count }
  }
}
