import ArgumentParser
import Report

/// Parses the command line and ends with the status that docs and scripts rely on: usage errors are one line and
/// status 35, as bad images are.
@main
struct Program {
  static func main() {
    finish(run())
  }

  /// The exit status.
  nonisolated static func run() -> Int32 {
    do {
      var command = try Swiftvmm.parseAsRoot()
      try command.run()
      return 0
    } catch let failure as Failure {
      if let message = failure.message { complain(message) }
      return failure.status
    } catch {
      guard Swiftvmm.exitCode(for: error) != .success else {
        // Help and version, which were asked for.
        print(Swiftvmm.message(for: error))
        return 0
      }
      complain(Swiftvmm.message(for: error).split(separator: "\n").first.map(String.init) ?? "bad arguments")
      return ExitStatus.usage
    }
  }
}

struct Swiftvmm: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftvmm",
    abstract: "Boots guests on KVM and counts every exit by device and register.",
    subcommands: [Boot.self, Images.self, Compare.self])
}
