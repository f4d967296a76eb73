import ArgumentParser
import CLinux
import Guests
import Report

/// Parses the command line and ends with the status that scripts rely on: usage errors are one line and status 35, as
/// bad images are.
@main
struct Program {
  static func main() {
    occupyStandardStreams()
    finish(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Puts /dev/null where the caller closed a standard stream. The next file opened would take its number, and
  /// the guest's output or the report would go into it.
  private static func occupyStandardStreams() {
    var number = 0
    while (0...Int(STDERR_FILENO)).contains(number) { number = unsafe linux_open("/dev/null", O_RDWR) }
    if number > 0 { close(Int32(number)) }
  }

  /// Runs a command; the exit status.
  nonisolated static func run(_ arguments: [String]) -> Int32 {
    do {
      if arguments.first == Boot.name {
        let rest = Array(arguments.dropFirst())
        try Boot.run(BootArguments(plain: rest) ?? Boot.parse(rest).arguments)
      } else {
        var command = try Swiftvmm.parseAsRoot(arguments)
        try command.run()
      }
      return 0
    } catch let failure as Failure {
      if let message = failure.message { complain(message) }
      return failure.status
    } catch {
      return explain(error, of: arguments.first)
    }
  }

  /// What ArgumentParser has to say: help that was asked for, or what is wrong with the arguments.
  nonisolated private static func explain(_ error: any Error, of command: String?) -> Int32 {
    let isBoot = command == Boot.name
    let text = isBoot ? Boot.message(for: error) : Swiftvmm.message(for: error)
    if Swiftvmm.exitCode(for: error) == .success {
      let help = isBoot ? Boot.fullMessage(for: error) : Swiftvmm.fullMessage(for: error)
      write(help + "\n", to: 1)
      return 0
    }
    let line = text.split(separator: "\n").first.map(String.init) ?? "bad arguments"
    let names = Swiftvmm.configuration.subcommands.compactMap { $0.configuration.commandName }
    let words = ["swiftvmm"] + names.filter { $0 == command } + ["--help"]
    complain("\(line); see '\(words.joined(separator: " "))'")
    return ExitStatus.usage
  }
}

struct Swiftvmm: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swiftvmm",
    abstract: "Boots guests on KVM and counts every exit by device and register.",
    subcommands: [
      Boot.self, PairCommand.self, Images.self, LadderCommand.self, BenchCommand.self, SurveyCommand.self,
      AttachCommand.self, DoctorCommand.self,
    ])
}
