import TestSupport
import Testing

@testable import Presentation

struct TextTests {
  @Test func `a table is as wide as its widest cells`() {
    var table = TextTable(["name", "n"])
    table.add(["a", "1 000"])
    table.add(["longer", "7"])
    #expect(table.lines == ["name        n", "-------------", "a       1 000", "longer      7"])
  }

  @Test func `a last column of words ends where its words end`() {
    var table = TextTable(["n", "why"], words: [1])
    table.add(["10", "because"])
    table.add(["7", "so"])
    #expect(table.lines == [" n  why", "-----------", "10  because", " 7  so"])
  }

  @Test func `grouping changes nothing but blanks`() {
    var random = SplitMix64(seed: 2)
    for bits in 0..<64 {
      let number = random.next() >> UInt64(bits)
      let text = grouped(number)
      #expect(text.filter { $0 != " " } == "\(number)")
      let groups: [Substring] = text.split(separator: " ")
      #expect(groups.dropFirst().allSatisfy { $0.count == 3 })
    }
    #expect(grouped(0) == "0")
    #expect(grouped(1_234_567) == "1 234 567")
  }

  @Test(
    arguments: [
      (0, 3, "0.000"), (1.0005, 3, "1.001"), (0.9996, 3, "1.000"), (-2.5, 1, "-2.5"), (-0.0001, 2, "0.00"),
      (7, 0, "7"),
      (123.456, 1, "123.5"),
    ] as [(Double, Int, String)])
  func `decimals are rounded`(number: Double, decimals: Int, text: String) {
    #expect(decimal(number, decimals) == text)
  }

  @Test func `numbers that are none do not stop the report`() {
    for number in [Double.nan, .infinity, -.infinity, 1e300] { #expect(!decimal(number, 3).isEmpty) }
  }

  @Test func `durations as numbers are seconds`() {
    #expect(Duration.milliseconds(1500).seconds == 1.5)
    #expect(Duration.seconds(-2).seconds == -2)
  }

  @Test func `durations have the unit that suits them`() {
    #expect(time(999) == "999 ns")
    #expect(time(1500) == "1.5 us")
    #expect(time(2.25e6) == "2.3 ms")
    #expect(time(3e9) == "3.0 s")
  }
}
