import TestSupport
import Testing
import VMM

/// Numbers as words of the command line and of manifests have them.
struct NumbersTests {
  @Test(
    arguments: [
      ("0", 0), ("007", 7), ("18446744073709551615", .max), ("0x0", 0), ("0Xff", 0xff), ("0xC03f", 0xc03f),
      ("0xFFFFffffFFFFffff", .max), ("0x00000000000000000001", 1), ("00000000000000000000001", 1),
    ] as [(String, UInt64)])
  func `numbers`(text: String, number: UInt64) {
    #expect(parseNumber(text[...]) == number)
  }

  @Test(arguments: [
    "", "+1", "-1", "-0", " 1", "1 ", "1_000", "1.0", "1e3", "0x", "0X", "x1", "0x+1", "0x-0", "0xg", "0x0x1",
    "1f", "٣", "0x１", "1\u{301}", "18446744073709551616", "0x10000000000000000",
  ])
  func `no numbers`(text: String) {
    #expect(parseNumber(text[...]) == nil)
  }

  @Test func `a base of its own has no mark`() {
    #expect(parseDecimal("0x10") == nil)
    #expect(parseDecimal("1f") == nil)
    #expect(parseDecimal("+1") == nil)
    #expect(parseDecimal("0010") == 10)
    #expect(parseHexadecimal("0x10") == nil)
    #expect(parseHexadecimal("-0") == nil)
    #expect(parseHexadecimal("0aF") == 0xaf)
  }

  @Test func `what Swift writes is read`() {
    var random = SplitMix64(seed: 4)
    for bits in 0..<64 {
      let number = random.next() >> UInt64(bits)
      #expect(parseNumber("\(number)") == number)
      #expect(parseNumber(hex(number)[...]) == number)
    }
  }
}
