import ArgumentParser
import Guests
import KVM
import NetBackends

struct PairCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pair",
    abstract: "Runs two guests whose NICs are the two ends of one wire.",
    discussion: """
      Each guest is given as to 'boot': an image, its words, its options, without quotes. Its end of the wire is its \
      NIC with backend=bridge, or what NIC the image asks for. Each has its own time limit and its own report; a \
      guest goes on when the other has ended. The guests' serial output goes to stdout, lines marked left: and right:, \
      and none reads stdin. The exit status is that of the left guest, or where it is 0 that of the right.
      """)

  @Option(help: ArgumentHelp("One guest.", valueName: "image [words] [options]"))
  var left: String

  @Option(help: ArgumentHelp("The other guest.", valueName: "image [words] [options]"))
  var right: String

  func run() throws {
    let arguments = try PairArguments(left: left, right: right)
    throw Failure.status(try PairRun(arguments).run())
  }
}

/// The arguments of `boot` for two guests.
struct PairArguments: Equatable {
  let left: BootArguments
  let right: BootArguments

  /// - Throws: ``Failure`` for what `boot` would not take, and for a file that would be written and used otherwise as well.
  init(left: String, right: String) throws(Failure) {
    self.left = try Self.parse(left, "--left")
    self.right = try Self.parse(right, "--right")
    var files = GuestFiles()
    files.add(self.left, side: "--left ")
    files.add(self.right, side: "--right ")
    try files.check()
  }

  private static func parse(_ text: String, _ side: String) throws(Failure) -> BootArguments {
    let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    do {
      return try BootArguments(plain: words) ?? Boot.parse(words).arguments
    } catch {
      let line = Boot.message(for: error).split(separator: "\n").first.map(String.init)
      let isHelp = Boot.exitCode(for: error) == .success
      throw .usage(
        "\(side): \(isHelp ? "an image, its words and options" : line ?? "no image"); see 'swiftvmm boot --help'"
      )
    }
  }
}
