/// What is wrong with the text of a manifest.
public struct ManifestProblem: Equatable, Sendable, CustomStringConvertible {
  /// Counted from 1; nil where no line can be named.
  public let line: Int?
  public let reason: String

  public init(line: Int?, reason: String) {
    self.line = line
    self.reason = reason
  }

  public var description: String {
    "bad manifest\(line.map { ", line \($0)" } ?? ""): \(reason)"
  }
}
