import ArgumentParser
import Board
import CLinux
import Console
import KVM
import Loaders
import Report
import VMM
import Witness

/// All values are taken as text and checked by ``GuestRequest``: each type that ArgumentParser meets costs the start
/// of every guest a search through all conformances of the program.
struct Boot: ParsableCommand {
  static let name = "boot"

  static let configuration = CommandConfiguration(
    commandName: name, _superCommandName: "swiftvmm",
    abstract: "Runs a guest and reports every exit it took.",
    discussion: """
      The guest's serial output goes to stdout, the report to stderr. The exit status is the guest's own \
      (0-31), or 32 reset, 33 crash, 35 bad arguments or image, 36 time limit, 38 KVM cannot be used, \
      130 ended by a signal or Ctrl-A x.
      """)

  @Argument(help: "A file, or builtin:NAME (see 'swiftvmm images').")
  var image: String

  @Argument(help: "Words for the guest's command line, behind those of --cmdline.")
  var words: [String] = []

  @Option(help: "The guest's command line.")
  var cmdline: String?

  @Option(help: ArgumentHelp("RAM in bytes, or with K, M or G; 64M if not given.", valueName: "size"))
  var memory: String?

  @Option(help: ArgumentHelp("Number of vCPUs; 1 if not given.", valueName: "number"))
  var cpus: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A file for the guest, with a string for it.", valueName: "file[:string]"))
  var module: [String] = []

  @Option(
    help: ArgumentHelp(
      "Load a flat binary at ADDRESS and enter it there: real, protected or long.", valueName: "mode@address")
  )
  var entry: String?

  @Option(
    help: ArgumentHelp(
      "Interrupt controllers: kernel (default), or none (a PIC in user space; HLT exits).",
      valueName: "kernel|none"))
  var irqchip: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A NIC: e1000 or virtio-net, with ,backend=sink or ,backend=reflector.",
      valueName: "model[,backend=...]"))
  var nic: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Change what CPUID answers; 1:ecx=0/0x200000 clears bit 21.",
      valueName: "leaf[.subleaf]:reg=value[/mask]"))
  var cpuid: [String] = []

  @Option(help: ArgumentHelp("End the run after so many seconds; 60 if not given.", valueName: "seconds"))
  var timeLimit: String?

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var json: String?

  @Flag(help: "No report: the guest alone is heard.")
  var quiet = false

  @Flag(name: .customLong(Self.withoutKernelCounts), help: "Do not count what the kernel answers by itself.")
  var noKernelCounts = false

  private static let withoutKernelCounts = "no-kernel-counts"

  /// Parses the arguments behind the command's name, and runs.
  static func start(_ arguments: [String]) throws {
    // The kernel takes its time to arm a tracepoint; it has it while the arguments are parsed.
    let counts = arguments.contains("--\(withoutKernelCounts)") ? nil : KernelCounts()
    let boot = try parse(arguments)
    try boot.run(counts)
  }

  func run() throws {
    try run(KernelCounts())
  }

  private func run(_ counts: KernelCounts?) throws {
    Signals.prepare()
    let limit = try seconds()
    let jsonFile = try json.map { path throws(Failure) in try OutputFile(path) }
    let session = try Session(request, output: GuestOutput(descriptor: STDOUT_FILENO))
    var options = Board.RunOptions()
    options.timeLimit = limit
    options.input = STDIN_FILENO
    options.prepare = { counts?.waitUntilArmed() }
    let report = try session.run(options, counts: counts)
    tell(report, lostOutput: session.board.lostOutput)
    try jsonFile?.write(report.json())
    throw Failure.status(report.outcome.status)
  }

  private var request: GuestRequest {
    let line = ([cmdline ?? ""] + words).filter { !$0.isEmpty }.joined(separator: " ")
    var request = GuestRequest(image, commandLine: line)
    if let memory { request.memory = memory }
    if let cpus { request.cpus = cpus }
    if let irqchip { request.irqchip = irqchip }
    request.modules = module
    request.entry = entry
    request.nics = nic
    request.cpuid = cpuid
    return request
  }

  private func seconds() throws(Failure) -> Duration {
    guard let timeLimit else { return .seconds(60) }
    guard let seconds = Double(timeLimit), seconds > 0, seconds <= 1e6 else {
      throw .usage("--time-limit \(timeLimit): more than 0 and at most 1000000 seconds, please")
    }
    return .seconds(seconds)
  }

  private func tell(_ report: RunReport, lostOutput: UInt64) {
    if lostOutput > 0 { complain("\(lostOutput) bytes of the guest's output could not be written to stdout") }
    if !quiet {
      writeToStandardError(report.text)
    } else if report.outcome.kind != "exited" {
      complain(report.outcome.detail ?? report.outcome.kind)
    }
  }
}
