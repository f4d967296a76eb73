import NetBackends
import Testing
import VMM

@Suite("The frame format")
struct FrameFormatTests {
  @Test("a sealed frame proves its number, at every length in use")
  func sealed() {
    for length in FrameFormat.lengths {
      let frame = makeFrame(UInt64(length) << 30 | 7, length: length)
      #expect(FrameFormat.sequence(of: frame.view) == UInt64(length) << 30 | 7)
      extendLifetime(frame)
    }
  }

  @Test("a known frame has the checksum worked out by hand from docs/guest-abi.md")
  func known() {
    // Sequence 1 and a payload of zeros: the loop of the page written out, apart from the code under test.
    var sum: UInt32 = 0x5356_4d4d
    for word: UInt32 in [1, 0] + Array(repeating: 0, count: 8) {
      let rotated = UInt64(sum) << 5 | UInt64(sum) >> 27
      sum = UInt32((UInt64(UInt32(truncatingIfNeeded: rotated) ^ word) * 0x9e37_79b1) % (1 << 32))
    }
    let frame = HostBuffer(count: 60)
    FrameFormat.seal(frame.view, sequence: 1)
    #expect(frame.view.load(UInt32.self, at: 24) == sum)
    #expect(Array(frame.view.bytes[12..<24]) == [0x88, 0xb5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
  }

  @Test("any bit flipped behind the addresses is noticed")
  func flipped() {
    let frame = makeFrame(0x1234_5678_9abc, length: 64)
    for bit in (12 * 8)..<(64 * 8) {
      let byte: UInt8 = frame.view.load(at: bit / 8)
      frame.view.store(byte ^ 1 << UInt8(bit % 8), at: bit / 8)
      #expect(FrameFormat.sequence(of: frame.view) == nil, "bit \(bit)")
      frame.view.store(byte, at: bit / 8)
    }
    #expect(FrameFormat.sequence(of: frame.view) != nil)
  }

  @Test("addresses are not part of the proof, for they are exchanged on the way")
  func addresses() {
    let frame = makeFrame(3, length: 60)
    for offset in 0..<12 { frame.view.store(UInt8(0xee), at: offset) }
    #expect(FrameFormat.sequence(of: frame.view) == 3)
  }

  @Test(
    "no length outside the format is looked into",
    arguments: Array(0..<60) + [1515, 1516, 2048, 65535])
  func length(_ length: Int) {
    let space = HostBuffer(count: 65536)
    #expect(FrameFormat.sequence(of: space.view.slice(0, length)!) == nil)
  }
}
