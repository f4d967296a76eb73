import Board
import CLinux
import Console
import Guests
import KVM
import NetBackends
import Presentation
import Report
import VMM
import Witness

/// What `boot` does, and `pair` twice: a guest from its arguments to its report.
final class BootRun {
  private let arguments: BootArguments
  private let counts: KernelCounts?
  private let jsonFile: OutputFile?
  private let session: Session
  private let output: GuestOutput
  private var options = Board.RunOptions()

  /// Prepares the process, begins to arm the kernel's counters, for which the kernel takes its time, and makes the
  /// machine.
  ///
  /// - Parameters:
  ///   - output: of the guest.
  ///   - input: what the user types to the guest; nil for none.
  ///   - wire: an end of a wire to another guest; nil for a guest on its own.
  /// - Throws: ``Failure`` for what the user gave wrong, and where KVM cannot be used.
  init(
    _ arguments: BootArguments, output: GuestOutput = GuestOutput(descriptor: STDOUT_FILENO),
    input: Int32? = STDIN_FILENO, wire: NetBackend? = nil
  ) throws(Failure) {
    self.arguments = arguments
    self.output = output
    // Before the first thread that an ending signal could kill the program in, its terminal raw.
    Signals.prepare()
    let counts = arguments.noKernelCounts ? nil : KernelCounts()
    self.counts = counts
    options.timeLimit = try arguments.runLimit()
    options.input = input
    options.prepare = { counts?.waitUntilArmed() }
    // Start-up came by most of the program; the guest's run needs a tenth of it. Not at once, for the pages that it does
    // need come back at the price of a fault each.
    options.settled = { linux_release_code() }
    if let path = arguments.json { jsonFile = try OutputFile(path) } else { jsonFile = nil }
    var request = arguments.request
    request.threadName = counts?.threadName
    request.wire = wire
    session = try Session(request, output: output)
  }

  /// Runs the guest to its end.
  func run() throws(Failure) -> RunReport {
    let witness = arguments.witness ? MachineWitness(session.witnessPlan) : nil
    defer { output.finish() }
    return try session.run(options, counts: counts, witness: witness)
  }

  /// Tells the user how it went.
  ///
  /// - Parameter name: of this one of several guests, before what is said.
  /// - Throws: ``Failure`` where the report's file takes no more.
  func tell(_ report: RunReport, of name: String? = nil) throws {
    let mark = name.map { "\($0): " } ?? ""
    if output.lost > 0 {
      complain("\(mark)\(output.lost) bytes of the guest's output could not be written to stdout")
    }
    if !arguments.quiet {
      writeToStandardError(mark + report.text)
    } else if report.outcome.kind != "exited" {
      complain(mark + (report.outcome.detail ?? report.outcome.kind))
    }
    try jsonFile?.write(json(report))
  }
}

extension BootArguments {
  fileprivate var request: GuestRequest {
    var request = GuestRequest(image, commandLine: ([cmdline ?? ""] + words).commandLine)
    if let memory { request.memory = memory }
    if let cpus { request.cpus = cpus }
    if let irqchip { request.irqchip = irqchip }
    request.modules = modules
    request.entry = entry
    request.nics = nics
    request.pcap = pcap
    request.cpuid = cpuid
    return request
  }

  fileprivate func runLimit() throws(Failure) -> Duration {
    guard let timeLimit else { return .seconds(60) }
    return try parseSeconds(timeLimit, of: "--time-limit")
  }
}
