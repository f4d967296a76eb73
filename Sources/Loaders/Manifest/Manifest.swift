import VMM

/// What an image tells of itself; docs/guest-abi.md, section The manifest of an image.
public struct Manifest: Equatable, Sendable {
  /// A word `NAME=VALUE` that the image takes on its command line.
  public struct Key: Equatable, Sendable {
    public let name: String
    /// What the image takes it for where the command line does not say; within ``domain``.
    public let defaultValue: String
    public let domain: Domain
    /// What it is for, for people.
    public let text: String
  }

  /// The values that a key can have. As text: `1..100`, or `naive|tuned`.
  public enum Domain: Equatable, Sendable, CustomStringConvertible {
    /// Decimal numbers.
    case range(ClosedRange<UInt64>)
    case choices([String])

    public func contains(_ value: Substring) -> Bool {
      switch self {
      case .range(let range): parseDecimal(value).map(range.contains) ?? false
      case .choices(let choices): choices.contains { $0 == value }
      }
    }

    public var description: String {
      switch self {
      case .range(let range): "\(range.lowerBound)..\(range.upperBound)"
      case .choices(let choices): choices.joined(separator: "|")
      }
    }
  }

  /// One line for a list of images, empty where the image gives none.
  public internal(set) var summary = ""
  /// The NICs that the machine gets unless the user says otherwise, each as `--nic` takes it.
  public internal(set) var nics: [String] = []
  public internal(set) var keys: [Key] = []

  /// The manifest in the notes of an ELF file, nil where there is none.
  init?(in table: [ProgramHeader], of image: MemoryView) throws(LoadProblem) {
    for header in table where header.type == ProgramHeader.note {
      var notes = try NoteReader(header, in: image)
      while let note = try notes.next(of: "swiftvmm") {
        guard note.type == 1 else { continue }
        try self.init(note.descriptor.bytes)
        return
      }
    }
    return nil
  }
}
