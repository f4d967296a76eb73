import VMM

extension Manifest {
  /// Parses the text of a manifest: UTF-8, one item a line. Zeros at its end, which C puts behind a string,
  /// are not part of it.
  init(_ bytes: [UInt8]) throws(LoadProblem) {
    let length = bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
    guard let text = String(validating: bytes.prefix(length), as: UTF8.self) else {
      throw .manifest(ManifestProblem(line: nil, reason: "it is not UTF-8"))
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      do throws(Malformed) {
        try add(line)
      } catch {
        throw .manifest(ManifestProblem(line: index + 1, reason: error.reason))
      }
    }
  }

  /// Why a line is none of a manifest.
  fileprivate struct Malformed: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
  }

  private mutating func add(_ line: Substring) throws(Malformed) {
    // The text is shown on terminals: no escape sequences from a file.
    guard line.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw Malformed("control characters")
    }
    guard !line.isEmpty else { return }
    let words = line.split(separator: " ", maxSplits: 1)
    let rest = words.count == 2 ? words[1] : ""
    switch words.first {
    case "summary":
      guard summary.isEmpty, !rest.isEmpty else { throw Malformed("one summary, with a text, is expected") }
      summary = String(rest)
    case "nic":
      guard !rest.isEmpty, !rest.contains(" ") else { throw Malformed("nic takes one word, such as e1000") }
      nics.append(String(rest))
    case "key":
      let key = try Key(rest)
      guard !keys.contains(where: { $0.name == key.name }) else { throw Malformed("key \(key.name) again") }
      keys.append(key)
    default:
      throw Malformed("a line begins with summary, nic or key")
    }
  }
}

extension Manifest.Key {
  fileprivate init(_ line: Substring) throws(Manifest.Malformed) {
    let words = line.split(separator: " ", maxSplits: 3)
    guard words.count == 4 else { throw Manifest.Malformed("expected: key NAME DEFAULT RANGE TEXT") }
    name = String(words[0])
    defaultValue = String(words[1])
    text = String(words[3])
    guard let domain = Manifest.Domain(words[2]) else {
      throw Manifest.Malformed("range \(words[2]) of \(name) is neither LOW..HIGH nor A|B")
    }
    self.domain = domain
    guard !name.contains("=") else { throw Manifest.Malformed("= in the name \(name)") }
    guard domain.contains(defaultValue[...]) else {
      throw Manifest.Malformed("default \(defaultValue) of \(name) is not in \(domain)")
    }
  }
}

extension Manifest.Domain {
  fileprivate init?(_ text: Substring) {
    let parts = text.split(separator: "|", omittingEmptySubsequences: false)
    guard parts.count == 1, text.contains("..") else {
      guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
      self = .choices(parts.map(String.init))
      return
    }
    let bounds = text.split(separator: "..", omittingEmptySubsequences: false)
    guard bounds.count == 2, let low = parseDecimal(bounds[0]), let high = parseDecimal(bounds[1]),
      low <= high
    else { return nil }
    self = .range(low...high)
  }
}
