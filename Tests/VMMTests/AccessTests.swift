import TestSupport
import Testing

@testable import VMM

/// Three numbers in one word.
@Suite struct AccessTests {
  private struct Parts {
    let window: UInt8
    let offset: UInt32
    let size: UInt8

    init(_ random: inout SplitMix64) {
      window = .random(in: 0...(.max), using: &random)
      offset = UInt32.random(in: 0...(.max), using: &random) >> UInt32.random(in: 0..<32, using: &random)
      size = .random(in: 0...8, using: &random)
    }

    var access: Access { Access(window: Int(window), offset: Int(offset), size: Int(size)) }
  }

  @Test func `what goes in comes out, whatever the others are`() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<2000 {
      let parts = Parts(&random)
      let access = parts.access
      #expect((access.window, access.offset, access.size) == (parts.window, parts.offset, parts.size))
    }
  }

  @Test func `the edges of each number reach no other`() {
    for window in [0, 255] {
      for offset in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
        for size in [0, 1, 8] {
          let access = Access(window: window, offset: offset, size: size)
          #expect((Int(access.window), Int(access.offset), Int(access.size)) == (window, offset, size))
        }
      }
    }
  }

  @Test func `size and direction, laid over an access without a size, make that of the exit`() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<2000 {
      let parts = Parts(&random)
      let port = Access(window: Int(parts.window), offset: Int(parts.offset), size: 0).bits
      for direction: UInt64 in [0, 1] {
        let access = Access(bits: port | UInt64(parts.size) << 8 | direction)
        #expect((access.window, access.offset, access.size) == (parts.window, parts.offset, parts.size))
        #expect(access == parts.access)
        #expect(access.ones == parts.access.ones)
        #expect(access.description == parts.access.description)
      }
    }
  }

  @Test func `two accesses are equal exactly if their numbers are`() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<5000 {
      func small() -> Int { .random(in: 0...1, using: &random) }
      let (one, other) = ((small(), small(), small()), (small(), small(), small()))
      let equal =
        Access(window: one.0, offset: one.1, size: one.2)
        == Access(window: other.0, offset: other.1, size: other.2)
      #expect(equal == (one == other))
    }
  }

  @Test(arguments: 1...8) func `truncation keeps the low bytes, as many as the access is wide`(size: Int) {
    var random = SplitMix64(seed: UInt64(size))
    let access = Access(window: 255, offset: -1, size: size)
    for _ in 0..<500 {
      let value: UInt64 = random.next()
      var expected: UInt64 = 0
      for byte in 0..<size { expected |= value & 0xff << UInt64(8 * byte) }
      #expect(access.truncate(value) == expected, "size \(size)")
    }
  }
}
