import VMM

/// Follows the frames that a guest sends, of both kinds, and counts what is wrong with them.
struct FrameCheck {
  /// Numbers left out: the sizes of the gaps; a gap in the stream is 1, whatever its size.
  private(set) var lost: UInt64 = 0
  /// Frames that do not prove themselves, or whose number is below one seen before.
  private(set) var corrupt: UInt64 = 0
  /// The number that the next small frame should have.
  private var expected: UInt64 = 0
  /// The place in the stream where the next frame of the other kind should begin.
  private var expectedPosition: UInt32 = 0

  /// Takes the next frame. The number of one that does not prove itself is not believed, so it leaves a gap as
  /// well.
  mutating func take(_ frame: MemoryView, _ offload: Offload) {
    if StreamFormat.isStream(frame) { takeStream(frame, offload) } else { takeSmall(frame) }
  }

  private mutating func takeSmall(_ frame: MemoryView) {
    guard let sequence = FrameFormat.sequence(of: frame), sequence >= expected else {
      corrupt &+= 1
      return
    }
    lost &+= sequence - expected
    expected = sequence &+ 1
  }

  private mutating func takeStream(_ frame: MemoryView, _ offload: Offload) {
    guard let (position, count) = StreamFormat.payload(of: frame, offload) else {
      corrupt &+= 1
      return
    }
    let gap = position &- expectedPosition
    // As TCP compares sequence numbers (RFC 9293, section 3.4): more than half of all ahead is behind.
    guard gap < 1 << 31 else {
      corrupt &+= 1
      return
    }
    if gap > 0 { lost &+= 1 }
    expectedPosition = position &+ UInt32(truncatingIfNeeded: count)
  }
}
