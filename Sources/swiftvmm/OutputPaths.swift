import Board
import Guests

/// The files that a command's guests write. Where two are one, what is in it makes no sense to anybody.
struct OutputPaths {
  private var files: [(words: String, path: String)] = []

  /// Adds those of a guest.
  ///
  /// - Parameter side: before the words of one of two guests, as `--left `.
  mutating func add(_ arguments: BootArguments, side: String = "") {
    add("\(side)--json ", arguments.json)
    add("\(side)--pcap ", arguments.pcap)
    // What is no NIC is refused by who makes it.
    for nic in arguments.nics { add("\(side)pcap=", (try? NICSpecification(nic))?.pcap) }
  }

  private mutating func add(_ option: String, _ path: String?) {
    // An empty path is refused by who opens it; in /dev/null nothing gets mixed up.
    guard let path, !path.isEmpty, path != "/dev/null" else { return }
    files.append((option + path, Self.standardized(path)))
  }

  /// A path without what says nothing. Links and `..` are not followed.
  private static func standardized(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  /// - Throws: ``Failure`` for the first file that is asked for twice.
  func check() throws(Failure) {
    for (index, second) in files.enumerated() {
      guard let first = files[..<index].first(where: { $0.path == second.path }) else { continue }
      throw .usage("\(first.words) and \(second.words): the same file; a file for each, please")
    }
  }
}

extension BootArguments {
  /// - Throws: ``Failure`` for a file that the guest would write twice.
  func checkOutputs() throws(Failure) {
    // A start pays for a look at a NIC, so only where there may be two files.
    guard nics.count + [json, pcap].count(where: { $0 != nil }) > 1 else { return }
    var outputs = OutputPaths()
    outputs.add(self)
    try outputs.check()
  }
}
