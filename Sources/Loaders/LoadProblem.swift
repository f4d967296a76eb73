/// What can be wrong, without the image's name; see ``LoadError``.
public enum LoadProblem: Error, Equatable, Sendable, CustomStringConvertible {
  case empty
  /// A part that ends at byte `end` of a file of `count` bytes.
  case truncated(_ part: String, end: UInt64, count: Int)
  case unrecognised
  case elf(ELFProblem)
  case multiboot(MultibootProblem)
  case placement(PlacementProblem)
  case entry(EntryProblem)
  case manifest(ManifestProblem)
  case commandLine(CommandLineProblem)

  /// One line: what, where, and what to do about it.
  public var description: String {
    switch self {
    case .empty: "the file is empty; build or copy it again"
    case .truncated(let part, let end, let count):
      "truncated: \(part) ends at byte \(end), the file has \(count); build or copy it again"
    case .unrecognised:
      """
      neither ELF nor Multiboot; if it is a flat binary, say where it goes: \
      --entry real|protected|long@ADDRESS
      """
    case .elf(let problem): problem.description
    case .multiboot(let problem): problem.description
    case .placement(let problem): problem.description
    case .entry(let problem): problem.description
    case .manifest(let problem): problem.description
    case .commandLine(let problem): problem.description
    }
  }
}
