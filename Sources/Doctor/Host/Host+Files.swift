import CLinux
import HostFacts

/// Files of the host, all below its root.
extension Host {
  /// The content of a file, up to 64 KiB; nil where it cannot be read.
  func text(_ path: String) -> String? { KernelFile.contents(of: root + path) }

  /// The first line of a file; nil where it cannot be read or is empty.
  func line(_ path: String) -> String? { KernelFile.firstLine(of: root + path) }

  func number(_ path: String) -> Int? { line(path).flatMap { Int($0) } }

  /// What a folder holds; nil where it cannot be read.
  func names(in folder: String) -> [String]? { KernelFile.names(in: root + folder) }

  func exists(_ path: String) -> Bool { unsafe access(root + path, F_OK) == 0 }

  /// The value behind `Key:` in a file of such lines, as /proc/self/status and /proc/cpuinfo are.
  func field(_ key: String, of path: String) -> String? {
    for line in (text(path) ?? "").split(separator: "\n") {
      let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2, halves[0].trimmed == key else { continue }
      return halves[1].trimmed
    }
    return nil
  }

  /// The choice of a file that offers several, as `always [madvise] never`.
  func choice(_ path: String) -> String? {
    line(path)?.split(separator: " ").first { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) }
  }
}

extension StringProtocol {
  /// Without blanks and tabs at either end.
  var trimmed: String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
