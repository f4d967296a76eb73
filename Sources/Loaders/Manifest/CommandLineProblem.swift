/// What is wrong with a word for the guest, as the image's manifest sees it.
public enum CommandLineProblem: Equatable, Sendable, CustomStringConvertible {
  case wordWithoutValue
  /// `nearest` is the key that was probably meant.
  case unknownKey(known: [String], nearest: String?)
  case valueOutOfRange(Manifest.Domain)
  case duplicateKey

  public var description: String {
    switch self {
    case .wordWithoutValue: "the image takes words like KEY=VALUE"
    case .unknownKey(_, let nearest?): "unknown key; did you mean \(nearest)?"
    case .unknownKey(let known, nil) where known.isEmpty: "unknown key; the image takes none"
    case .unknownKey(let known, nil): "unknown key; the image takes \(known.joined(separator: ", "))"
    case .valueOutOfRange(let domain): "the value must be in \(domain)"
    case .duplicateKey: "the key is given twice; give it once"
    }
  }
}
