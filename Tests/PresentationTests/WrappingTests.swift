import TestSupport
import Testing

@testable import Presentation

struct WrappingTests {
  @Test(arguments: 0..<50 as Range<UInt64>)
  func `no line is too wide but for one word, none could take the next word, and no word is lost`(
    seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    let words = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
      String(repeating: "w", count: Int.random(in: 1..<20, using: &random))
    }
    let width = Int.random(in: 1..<40, using: &random)
    let lines = wrapped(words.joined(separator: " "), width: width)
    #expect(lines.flatMap { $0.split(separator: " ").map(String.init) } == words)
    #expect(lines.allSatisfy { $0.count <= width || !$0.contains(" ") })
    for (line, next) in zip(lines, lines.dropFirst()) {
      let word = next.prefix { $0 != " " }
      #expect(line.count + 1 + word.count > width)
    }
  }

  @Test func `blanks at the end of a line go, and no others`() {
    #expect(["", "  ", "a", " a b  "].map(withoutTrailingBlanks) == ["", "", "a", " a b"])
  }

  @Test func `later lines begin below the first word`() {
    #expect(hanging("* ", "one two three", width: 9) == ["* one two", "  three"])
    #expect(hanging("", "one two", width: 5) == ["one", "two"])
  }
}
