import TestSupport
import Testing

@testable import Experiments

struct NamePatternTests {
  private func matches(_ pattern: String, _ text: String) -> Bool { pattern[...].isPattern(for: text[...]) }

  /// The definition, which takes its time.
  private func isDefined(_ pattern: Substring, _ text: Substring) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    guard first == "*" else { return text.first == first && isDefined(rest, text.dropFirst()) }
    return isDefined(rest, text) || !text.isEmpty && isDefined(pattern, text.dropFirst())
  }

  private func word(_ letters: String, _ most: Int, _ random: inout SplitMix64) -> String {
    let count = Int.random(in: 0...most, using: &random)
    return String((0..<count).map { _ in letters.randomElement(using: &random)! })
  }

  @Test func `a text fits a pattern exactly where the definition says so`() {
    var random = SplitMix64(seed: 3)
    var fitting = 0
    for _ in 0..<20_000 {
      let (pattern, text) = (word("ab*", 6, &random), word("ab", 8, &random))
      let fits = isDefined(pattern[...], text[...])
      #expect(matches(pattern, text) == fits, "\(pattern), \(text)")
      if fits { fitting += 1 }
    }
    #expect(fitting > 1000)
  }

  @Test func `forty stars are through as soon as one`() {
    let name = "virtio-event-idx-of-some-length"
    let stars = String(repeating: "*", count: 40)
    #expect(matches(stars, name) && matches(stars, ""))
    #expect(!matches(stars + "z", name))
    let text = String(repeating: "a", count: 200)
    let mixed = String(repeating: "*a", count: 40)
    #expect(matches(mixed, text))
    #expect(!matches(mixed + "*z", text))
  }
}
