import TestSupport
import Testing

@testable import Attach

/// As much of a terminal as the table needs.
private struct FakeTerminal {
  let rows: Int
  let columns: Int
  private(set) var lines = [""]
  private var cursor = 0
  /// A line was longer than the terminal is wide, or the cursor went above the top.
  private(set) var isSpoilt = false

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  mutating func show(_ text: String) {
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "\n":
        cursor += 1
        if cursor == lines.count { lines.append("") }
      case "\r": break
      case "\u{1b}":
        rest.removeFirst()
        let digits = rest.prefix(while: \.isNumber)
        rest = rest.dropFirst(digits.count)
        switch rest.removeFirst() {
        case "A":
          cursor -= Int(digits)!
          // What has scrolled off the top is out of reach.
          isSpoilt = isSpoilt || cursor < max(0, lines.count - rows)
        default:
          lines.removeSubrange((cursor + 1)...)
          lines[cursor] = ""
        }
      default: lines[cursor].append(character)
      }
    }
    isSpoilt = isSpoilt || lines.contains { $0.count > columns }
  }
}

struct LiveTableTests {
  @Test(arguments: 0..<30)
  func `each frame stands where the one before stood, and what was on the screen stays`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var table = LiveTable()
    var screen = FakeTerminal(
      rows: Int.random(in: 2...30, using: &random), columns: Int.random(in: 1...60, using: &random))
    screen.show("$\n")
    for _ in 0..<20 {
      let lines = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        String(repeating: "x", count: Int.random(in: 0...80, using: &random))
      }
      screen.show(table.frame(lines, rows: screen.rows, columns: screen.columns))
      let fits = lines.count < screen.rows
      let shown = fits ? lines : Array(lines.prefix(screen.rows - 2))
      let wanted = shown.map { String($0.prefix(screen.columns)) }
      #expect(Array(screen.lines.dropFirst().prefix(shown.count)) == wanted)
      #expect(screen.lines.count == 2 + min(lines.count, screen.rows - 1))
      #expect(!screen.isSpoilt)
    }
    screen.show(table.clear())
    #expect(screen.lines == ["$", ""])
    #expect(table.clear().isEmpty)
  }
}
