import TestSupport
import Testing

@testable import Experiments

struct RowSelectionTests {
  private func places(_ text: String) throws -> [String] {
    try RowSelection(text).cases.map { BenchResult($0).place }
  }

  @Test func `a name is the row at each of its levels`() throws {
    #expect(try places("pio-out") == ["pio-out@0", "pio-out@3"])
    #expect(try places("getpid") == ["getpid"])
    #expect(try places("cr3") == ["cr3@0"])
  }

  @Test func `a level may stand behind it`() throws {
    #expect(try places("pio-out@3") == ["pio-out@3"])
    #expect(try places("pio-*@0") == ["pio-out@0", "pio-in@0"])
  }

  @Test func `a star is any characters, also none, also twice`() throws {
    #expect(try places("*") == BenchCase.all.map { BenchResult($0).place })
    #expect(try places("*hlt*") == ["kick-hlt-irqfd@0", "hlt-irqfd@0"])
    #expect(try places("cpuid*@0") == ["cpuid@0"])
  }

  @Test func `lines come in the table's order, each once, whatever the order of the patterns`() throws {
    #expect(try places("cr3,getpid,cr*,c*3") == ["getpid", "cr3@0"])
    var random = SplitMix64(seed: 5)
    let all = BenchCase.all.map { BenchResult($0).place }
    for _ in 0..<100 {
      let some = all.filter { _ in Bool.random(using: &random) }
      guard !some.isEmpty else { continue }
      #expect(try places(some.shuffled(using: &random).joined(separator: ",")) == some)
    }
  }

  @Test(
    arguments: [
      ("pio", "pio"), ("pio-out@1", "pio-out@1"), ("getpid,nothing", "nothing"), ("", ""), ("cpuid,", ""),
      ("getpid@3", "getpid@3"), ("cr3@", "cr3@"), ("@0", "@0"), ("PIO-OUT", "PIO-OUT"),
    ])
  func `a pattern without a line is named`(text: String, wrong: String) {
    #expect(throws: RowSelection.Mismatch(pattern: wrong)) { try RowSelection(text) }
  }
}
