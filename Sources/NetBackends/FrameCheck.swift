import VMM

/// Follows a stream of frames and counts what is wrong with it.
struct FrameCheck {
  /// Numbers left out: the sizes of the gaps.
  private(set) var lost: UInt64 = 0
  /// Frames that do not prove themselves, or whose number is below one seen before.
  private(set) var corrupt: UInt64 = 0
  /// The number that the next frame should have.
  private var expected: UInt64 = 0

  /// Takes the next frame. The number of one that does not prove itself is not believed, so it leaves a gap as
  /// well.
  mutating func take(_ frame: MemoryView) {
    guard let sequence = FrameFormat.sequence(of: frame), sequence >= expected else {
      corrupt &+= 1
      return
    }
    lost &+= sequence - expected
    expected = sequence &+ 1
  }
}
