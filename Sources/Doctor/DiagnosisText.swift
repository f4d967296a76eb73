import Presentation

extension Diagnosis {
  /// The diagnosis for people: the verdict, then every finding under the title of its area.
  public var text: String {
    let kvm = host.kvm == .unknown ? "kind of KVM unknown" : host.kvm.rawValue
    var lines = ["swiftvmm doctor: \(kvm), \(host.cpu), Linux \(host.kernel)", ""]
    lines += wrapped(verdict, width: Self.width)
    lines += ["", "+ good   - missing   ! wrong   (neither good nor bad: no mark)"]
    for area in Finding.Area.allCases {
      let findings = findings.filter { $0.area == area }
      guard !findings.isEmpty else { continue }
      lines += ["", area.title]
      lines += Self.lines(of: findings)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Columns that the text takes at most. A command is never broken, and may take more.
  static let width = 110

  /// The widest value that still has all others of its area aligned to it.
  private static let widestValue = 22

  private static func lines(of findings: [Finding]) -> [String] {
    let names = findings.map(\.name.count).max() ?? 0
    let values = findings.map(\.value.count).filter { $0 <= widestValue }.max() ?? 0
    return findings.flatMap { finding in
      lines(of: finding, "  \(finding.state.mark) \(padded(finding.name, names))  ", valueWidth: values)
        + remedyLines(finding)
    }
  }

  private static func lines(of finding: Finding, _ start: String, valueWidth: Int) -> [String] {
    guard let meaning = finding.meaning else { return hanging(finding.value, behind: start) }
    let front = start + padded(finding.value, valueWidth) + "  "
    // A value that stands out has the line to itself.
    if finding.value.count > valueWidth {
      return hanging(finding.value, behind: start) + hanging(meaning, behind: blanks(start.count))
    }
    return hanging(meaning, behind: front)
  }

  private static func remedyLines(_ finding: Finding) -> [String] {
    guard let remedy = finding.remedy else { return [] }
    return remedy.kind == .run ? [blanks(6) + remedy.line] : hanging(remedy.line, behind: blanks(6))
  }

  /// `text` behind `front`, and its further lines below itself.
  private static func hanging(_ text: String, behind front: String) -> [String] {
    wrapped(text, width: max(20, width - front.count)).enumerated().map { index, line in
      (index == 0 ? front : blanks(front.count)) + line
    }
  }

  private static func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }
}

extension Finding.State {
  fileprivate var mark: String {
    switch self {
    case .good: "+"
    case .fact: " "
    case .missing: "-"
    case .wrong: "!"
    }
  }
}
