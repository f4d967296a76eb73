import VMM

/// A place in a frame of several pieces. Whoever moves it on knows that there are as many bytes.
struct PieceCursor {
  private var index = 0
  private var offset = 0

  /// Fills `target` with the next bytes.
  mutating func copy(from pieces: borrowing Span<MemoryView>, to target: MemoryView) {
    var done = 0
    while done < target.count {
      let piece = pieces[index]
      let step = min(piece.count - offset, target.count - done)
      target.copy(from: piece.slice(offset, step)!, at: done)
      done += step
      advance(step, piece)
    }
  }

  /// Fills the next bytes of the pieces with all of `source`.
  mutating func copy(_ source: MemoryView, to pieces: borrowing Span<MemoryView>) {
    var done = 0
    while done < source.count {
      let piece = pieces[index]
      let step = min(piece.count - offset, source.count - done)
      piece.copy(from: source.slice(done, step)!, at: offset)
      done += step
      advance(step, piece)
    }
  }

  mutating func skip(_ count: Int, of pieces: borrowing Span<MemoryView>) {
    var left = count
    while left > 0 {
      let piece = pieces[index]
      let step = min(piece.count - offset, left)
      left -= step
      advance(step, piece)
    }
  }

  private mutating func advance(_ step: Int, _ piece: MemoryView) {
    offset += step
    if offset == piece.count { (index, offset) = (index + 1, 0) }
  }
}
