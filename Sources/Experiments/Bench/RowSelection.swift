/// Which lines of the table are wanted: `pio-*,cpuid@3`.
public struct RowSelection: Equatable, Sendable {
  /// A pattern that matches no line.
  public struct Mismatch: Error, Equatable, CustomStringConvertible {
    public let pattern: String

    public var description: String {
      pattern.isEmpty
        ? "--rows: an empty pattern; '--rows list' lists the rows"
        : "--rows \(pattern): no such row; '--rows list' lists them"
    }
  }

  /// Names with `*` for any characters, and perhaps `@0` or `@3` for one privilege level.
  let patterns: [String]

  /// - Parameter text: patterns parted by commas.
  /// - Throws: ``Mismatch`` for the first pattern that matches nothing.
  public init(_ text: String) throws(Mismatch) {
    let patterns = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    self.patterns = patterns
    for pattern in patterns {
      guard BenchCase.all.contains(where: { Self.matches($0, pattern) }) else {
        throw Mismatch(pattern: pattern)
      }
    }
  }

  /// The lines chosen, in the order of the table, each once.
  public var cases: [BenchCase] {
    BenchCase.all.filter { line in patterns.contains { Self.matches(line, $0) } }
  }

  private static func matches(_ line: BenchCase, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, name.isPattern(for: line.row.name[...]) else { return false }
    return parts.count == 1 || line.level.map(String.init) == String(parts[1])
  }
}
