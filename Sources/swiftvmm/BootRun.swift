import Board
import CLinux
import Console
import Guests
import KVM
import Presentation
import Report
import VMM
import Witness

/// What `boot` does.
struct BootRun {
  private let arguments: BootArguments
  private let counts: KernelCounts?

  /// Prepares the process, and begins to arm the kernel's counters, for which the kernel takes its time.
  init(_ arguments: BootArguments) {
    self.arguments = arguments
    // Before the first thread that an ending signal could kill the program in, its terminal raw.
    Signals.prepare()
    counts = arguments.noKernelCounts ? nil : KernelCounts()
  }

  /// Runs the guest and tells of it.
  ///
  /// - Throws: always ``Failure``: the exit status, with a message unless the report has said it all.
  func run() throws {
    var options = Board.RunOptions()
    options.timeLimit = try timeLimit()
    options.input = STDIN_FILENO
    options.prepare = { counts?.waitUntilArmed() }
    // Start-up came by most of the program; the guest's run needs a tenth of it.
    options.started = { linux_release_code() }
    let jsonFile = try arguments.json.map { path throws(Failure) in try OutputFile(path) }
    let session = try Session(request, output: GuestOutput(descriptor: STDOUT_FILENO))
    let witness = arguments.witness ? MachineWitness(session.witnessPlan) : nil
    let report = try session.run(options, counts: counts, witness: witness)
    tell(report, lostOutput: session.board.lostOutput)
    try jsonFile?.write(json(report))
    throw Failure.status(report.outcome.status)
  }

  private var request: GuestRequest {
    let line = ([arguments.cmdline ?? ""] + arguments.words).filter { !$0.isEmpty }.joined(separator: " ")
    var request = GuestRequest(arguments.image, commandLine: line)
    if let memory = arguments.memory { request.memory = memory }
    if let cpus = arguments.cpus { request.cpus = cpus }
    if let irqchip = arguments.irqchip { request.irqchip = irqchip }
    request.modules = arguments.modules
    request.entry = arguments.entry
    request.nics = arguments.nics
    request.pcap = arguments.pcap
    request.cpuid = arguments.cpuid
    request.threadName = counts?.threadName
    return request
  }

  private func timeLimit() throws(Failure) -> Duration {
    guard let text = arguments.timeLimit else { return .seconds(60) }
    guard let seconds = Double(text), seconds > 0, seconds <= 1e6 else {
      throw .usage("--time-limit \(text): more than 0 and at most 1000000 seconds, please")
    }
    return .seconds(seconds)
  }

  private func tell(_ report: RunReport, lostOutput: UInt64) {
    if lostOutput > 0 { complain("\(lostOutput) bytes of the guest's output could not be written to stdout") }
    if !arguments.quiet {
      writeToStandardError(report.text)
    } else if report.outcome.kind != "exited" {
      complain(report.outcome.detail ?? report.outcome.kind)
    }
  }
}
