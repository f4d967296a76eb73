import ArgumentParser
import Guests

/// What `boot` takes, for people and for arguments that are not plain; see ``BootArguments``.
struct Boot: ParsableCommand {
  static let name = "boot"

  static let configuration = CommandConfiguration(
    commandName: name, _superCommandName: "swiftvmm",
    abstract: "Runs a guest and reports every exit it took.",
    discussion: """
      The guest's serial output goes to stdout, the report to stderr. The exit status is the guest's own \
      (0-31), or 32 reset, 33 crash, 35 bad arguments, image or back end, 36 time limit, 38 KVM cannot be used, \
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
      """
      A NIC: e1000, virtio-net-pci or virtio-net-mmio, and behind it what is at the other end of its wire: \
      backend=sink (default), none, reflector, source (,size=BYTES,frames=N), tap (,ifname=NAME), passt \
      (,socket=PATH), bridge (see 'swiftvmm pair'). More options, as far as the model has them: mac=, pcap=FILE, \
      queue=vcpu|thread|adaptive|poll, ioeventfd=on|off, mtu=, coalesced=none|quiet|doorbell.
      """,
      valueName: "model[,option=...]"))
  var nic: [String] = []

  @Option(help: ArgumentHelp("Write the frames of the only NIC, for Wireshark.", valueName: "file"))
  var pcap: String?

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

  @Flag(help: "Do not count what the kernel answers by itself.")
  var noKernelCounts = false

  @Flag(help: "Ask KVM's statistics and tracepoints too, and hold all counts against each other.")
  var witness = false

  var arguments: BootArguments {
    var arguments = BootArguments(image: image)
    arguments.words = words
    arguments.cmdline = cmdline
    arguments.memory = memory
    arguments.cpus = cpus
    arguments.modules = module
    arguments.entry = entry
    arguments.irqchip = irqchip
    arguments.nics = nic
    arguments.pcap = pcap
    arguments.cpuid = cpuid
    arguments.timeLimit = timeLimit
    arguments.json = json
    arguments.quiet = quiet
    arguments.noKernelCounts = noKernelCounts
    arguments.witness = witness
    return arguments
  }

  func run() throws {
    try Self.run(arguments)
  }

  /// - Throws: always ``Failure``: the exit status, with a message unless the report has said it all.
  static func run(_ arguments: BootArguments) throws {
    try arguments.checkFiles()
    let boot = try BootRun(arguments)
    let report = try boot.run()
    try boot.tell(report)
    throw Failure.status(report.outcome.status)
  }
}
