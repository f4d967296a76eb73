import TestSupport
import Testing

@testable import VMM

/// The names of a window's registers, found by offset.
@Suite struct RegisterMapTests {
  /// The last register given that covers the unit of the offset, which is what the documentation promises.
  private func naive(_ registers: [Register], granule: Int, _ offset: UInt64) -> Int {
    let unit = offset / UInt64(granule)
    let index = registers.lastIndex {
      let first = $0.offset / granule
      let end = ($0.offset + $0.count + granule - 1) / granule
      return UInt64(first) <= unit && unit < UInt64(end)
    }
    return index.map { $0 + 1 } ?? 0
  }

  @Test(arguments: [1, 2, 4, 8]) func `each offset belongs to the register given last that covers it`(
    granule: Int
  ) {
    var random = SplitMix64(seed: UInt64(granule))
    for _ in 0..<50 {
      let registers = (0..<Int.random(in: 0...20, using: &random)).map {
        Register(
          "R\($0)", at: .random(in: 0...200, using: &random), count: .random(in: 1...16, using: &random))
      }
      let map = RegisterMap(granule: granule, registers)
      #expect(map.registers.dropFirst() == registers[...])
      for offset in UInt64(0)...240 {
        #expect(map.number(at: offset) == naive(registers, granule: granule, offset))
      }
    }
  }

  @Test func `no offset is too large to ask for`() {
    let map = RegisterMap(granule: 4, [Register("ONLY", at: 0, count: 4)])
    for offset in [4, 5, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max] as [UInt64] {
      #expect(map.number(at: offset) == 0)
    }
    #expect(map.number(at: 3) == 1)
    #expect(RegisterMap([]).number(at: 0) == 0)
  }

  @Test func `as many registers as a line number has room for`() {
    let registers = (0..<254).map { Register("R\($0)", at: $0) }
    let map = RegisterMap(registers)
    #expect(map.number(at: 253) == 254)
    #expect(map.registers[254].name == "R253")
  }
}
