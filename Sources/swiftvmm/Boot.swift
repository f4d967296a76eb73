import ArgumentParser
import Board
import CLinux
import Console
import KVM
import Loaders
import Report
import VMM
import Witness

struct Boot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a guest and reports every exit it took.",
    discussion: """
      The guest's serial output goes to stdout, the report to stderr. The exit status is the guest's own \
      (0-31), or 32 reset, 33 crash, 35 bad arguments or image, 36 time limit, 38 KVM cannot be used. \
      On a terminal Ctrl-A x ends the run.
      """)

  @OptionGroup var guest: GuestOptions

  @Option(help: ArgumentHelp("End the run after so many seconds.", valueName: "seconds"))
  var timeLimit = 60.0

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var json: String?

  @Flag(help: "No report; the guest alone is heard.")
  var quiet = false

  @Flag(inversion: .prefixedNo, help: "Count what the kernel answers by itself (CPUID, HLT).")
  var kernelCounts = true

  func validate() throws {
    guard timeLimit > 0, timeLimit <= 1e6 else {
      throw ValidationError("--time-limit \(timeLimit): more than 0 and at most 1000000 seconds, please")
    }
  }

  func run() throws {
    Signals.prepare()
    let session = try Session(guest, output: GuestOutput(descriptor: STDOUT_FILENO))
    let counts = kernelCounts ? KernelCounts(cpus: guest.cpus) : nil
    var options = Board.RunOptions()
    options.timeLimit = .seconds(timeLimit)
    options.input = STDIN_FILENO
    if let counts { options.hooks = counts.hooks }
    let report = try session.run(options, counts: counts)
    if !quiet {
      if session.board.lostOutput > 0 {
        complain("\(session.board.lostOutput) bytes of the guest's output could not be written to stdout")
      }
      writeToStandardError(report.text)
    } else if report.outcome.kind != "exited" {
      complain(report.outcome.detail ?? report.outcome.kind)
    }
    if let json { try writeFile(json, report.json()) }
    throw Failure.status(report.outcome.status)
  }
}

/// Writes a whole file, or says why not.
func writeFile(_ path: String, _ bytes: [UInt8]) throws(Failure) {
  let number = unsafe linux_create(path)
  guard number >= 0 else {
    throw .usage(KVMError(path, errno: Int32(-number), advice: "the report cannot be written").description)
  }
  let file = Descriptor(owning: Int32(number))
  var written = 0
  while written < bytes.count {
    let count = unsafe bytes.withUnsafeBytes { all in
      unsafe write(file.number, all.baseAddress! + written, all.count - written)
    }
    guard count > 0 else { throw .usage(KVMError(path, errno: linux_errno()).description) }
    written += count
  }
}
