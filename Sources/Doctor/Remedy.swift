/// The one line that would mend something, or that says why nothing can.
public struct Remedy: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable {
    /// ``text`` is a command for a shell.
    case run
    /// ``text`` says what to change where no command of this host does it.
    case change
    /// ``text`` says why nothing on this host mends it.
    case none
  }

  public let kind: Kind
  public let text: String

  static func run(_ command: String) -> Remedy { Remedy(kind: .run, text: command) }
  static func change(_ what: String) -> Remedy { Remedy(kind: .change, text: what) }
  static func none(because reason: String) -> Remedy { Remedy(kind: .none, text: reason) }

  /// For people: told from commands by its first word.
  var line: String {
    switch kind {
    case .run: "run: \(text)"
    case .change: "mend: \(text)"
    case .none: "no remedy: \(text)"
    }
  }
}
