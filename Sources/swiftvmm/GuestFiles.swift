import Board
import Guests

/// The files that a command's guests are made of and that they write. What is written into one that is used otherwise makes
/// no sense to anybody, and may be all that there was of an image.
struct GuestFiles {
  private struct File {
    /// As the user gave it.
    let words: String
    let identity: FileIdentity
    let isWritten: Bool
  }
  private var files: [File] = []

  /// Adds those of a guest.
  ///
  /// - Parameter side: before the words of one of two guests, as `--left `.
  mutating func add(_ arguments: BootArguments, side: String = "") {
    if !arguments.image.hasPrefix("builtin:") { add("\(side)image ", arguments.image, isWritten: false) }
    for module in arguments.modules {
      add("\(side)--module ", String(module.prefix { $0 != ":" }), isWritten: false)
    }
    add("\(side)--json ", arguments.json)
    add("\(side)--pcap ", arguments.pcap)
    // What is no NIC is refused by who makes it.
    for nic in arguments.nics { add("\(side)pcap=", (try? NICSpecification(nic))?.pcap) }
  }

  private mutating func add(_ option: String, _ path: String?, isWritten: Bool = true) {
    // A path that leads nowhere is refused by who opens it.
    guard let path, let identity = FileIdentity(path) else { return }
    files.append(File(words: option + path, identity: identity, isWritten: isWritten))
  }

  /// - Throws: ``Failure`` for the first file that is written and used otherwise as well.
  func check() throws(Failure) {
    for (index, second) in files.enumerated() {
      let isClash = { (first: File) in
        first.identity == second.identity && (first.isWritten || second.isWritten)
      }
      guard let first = files[..<index].first(where: isClash) else { continue }
      throw .usage("\(first.words) and \(second.words): the same file; a file for each, please")
    }
  }
}

extension BootArguments {
  /// - Throws: ``Failure`` for a file that the guest would write and use otherwise as well.
  func checkFiles() throws(Failure) {
    // A start pays for the look, so only where something is written.
    guard json != nil || pcap != nil || !nics.isEmpty else { return }
    var files = GuestFiles()
    files.add(self)
    try files.check()
  }
}
