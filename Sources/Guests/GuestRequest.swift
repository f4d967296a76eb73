import Board
import BuiltinImages
import KVM
import Loaders
import NetBackends
import VMM

/// A guest as the user asked for it: its image, its words, its machine, as the words on the command line.
public struct GuestRequest {
  /// A path, or `builtin:NAME`.
  public var image: String
  /// The guest's command line.
  public var commandLine = ""
  /// A number of bytes, or one with K, M or G behind it for KiB, MiB or GiB.
  public var memory = "64M"
  /// A number of vCPUs.
  public var cpus = "1"
  /// `FILE` or `FILE:STRING`.
  public var modules: [String] = []
  /// `MODE@ADDRESS`.
  public var entry: String?
  /// `kernel` or `none`, as ``MachineConfiguration/InterruptControllers`` has them.
  public var irqchip = "kernel"
  /// `MODEL,KEY=VALUE,...` each, as ``NICSpecification`` has them; empty for those that the image's manifest wants.
  public var nics: [String] = []
  /// An end of a wire to another guest: one NIC gets it. Nil for a guest on its own.
  public var wire: NetBackend?
  /// A file for the frames of the only NIC.
  public var pcap: String?
  /// `LEAF[.SUBLEAF]:REGISTER=VALUE[/MASK]` each.
  public var cpuid: [String] = []
  /// What the threads of the vCPUs are called; nil for the usual name.
  public var threadName: String?
  /// Changes the machine further, in what no word of the command line says.
  public var adjust: (inout MachineConfiguration) -> Void = { _ in }

  public init(_ image: String, commandLine: String = "") {
    self.image = image
    self.commandLine = commandLine
  }

  /// The image, and whoever keeps its bytes.
  func bootImage() throws(Failure) -> (BootImage, FileContents?) {
    let bytes: MemoryView
    var file: FileContents?
    let prefix = "builtin:"
    if image.hasPrefix(prefix) {
      let name = String(image.dropFirst(prefix.count))
      guard let builtin = BuiltinImage.named(name) else {
        throw .usage("no built-in image '\(name)'; 'swiftvmm images' lists them")
      }
      bytes = builtin.bytes
    } else {
      guard !image.isEmpty else { throw .usage("the image's path is empty") }
      file = try FileContents(image)
      bytes = file!.bytes
    }
    do throws(LoadError) {
      let entry = try entry.map { text throws(LoadError) in try FlatEntry(text) }
      return (try BootImage(bytes, name: image, entry: entry), file)
    } catch {
      throw .usage(error.description)
    }
  }

  /// The modules, and whoever keeps their bytes.
  func bootModules() throws(Failure) -> [(BootModule, FileContents)] {
    var loaded: [(BootModule, FileContents)] = []
    for argument in modules {
      let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let path = String(parts[0])
      guard !path.isEmpty else { throw .usage("--module \(argument): the path is empty") }
      let file = try FileContents(path)
      loaded.append((BootModule(file.bytes, text: parts.count > 1 ? String(parts[1]) : path), file))
    }
    return loaded
  }

  func machineConfiguration() throws(Failure) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    guard let size = byteCount(memory) else {
      throw .usage("--memory \(memory): a number of bytes, with K, M or G for short")
    }
    // No swap holds a guest's memory for long: more than the host has is a slip of the pen.
    guard size <= hostMemory else {
      throw .usage("--memory \(memory): more than the \(hostMemory >> 20) MiB of this host")
    }
    configuration.memory = size
    if let threadName { configuration.threadName = threadName }
    guard let count = parseDecimal(cpus[...]).flatMap({ Int(exactly: $0) }) else {
      throw .usage("--cpus \(cpus): a number, please")
    }
    configuration.cpus = count
    guard let controllers = MachineConfiguration.InterruptControllers(rawValue: irqchip) else {
      throw .usage("--irqchip \(irqchip): kernel or none")
    }
    configuration.interruptControllers = controllers
    for text in cpuid {
      guard let change = MachineConfiguration.CPUIDChange(text) else {
        throw .usage("--cpuid \(text): like 1:ecx=0/0x200000, LEAF[.SUBLEAF]:REGISTER=VALUE[/MASK]")
      }
      configuration.cpuid.append(change)
    }
    adjust(&configuration)
    return configuration
  }

  /// The NICs asked for, or those that the image's manifest wants, which is the word of a stranger: only the user opens
  /// the host's files and networks.
  func nicSpecifications(for image: BootImage) throws(Failure) -> [NICSpecification] {
    var specifications: [NICSpecification] = []
    for text in nics.isEmpty ? image.manifest?.nics ?? [] : nics {
      do throws(NICSpecificationError) {
        specifications.append(try NICSpecification(text))
      } catch {
        throw .usage(error.description)
      }
    }
    try layWire(to: &specifications)
    if nics.isEmpty, let reach = specifications.lazy.compactMap(\.reach).first {
      throw .usage("the image wants a NIC with \(reach): only --nic opens files and networks of the host")
    }
    guard let pcap else { return specifications }
    guard !pcap.isEmpty else { throw .usage("--pcap: the path is empty") }
    guard specifications.count == 1, specifications[0].pcap == nil else {
      throw .usage("--pcap \(pcap): for one NIC without pcap=; several take it each as --nic MODEL,pcap=FILE")
    }
    specifications[0].pcap = pcap
    return specifications
  }

  /// Leads the wire to the NIC that asks for it, or to the image's own where the user asks for no NIC.
  private func layWire(to specifications: inout [NICSpecification]) throws(Failure) {
    if wire != nil, nics.isEmpty, specifications.count == 1 { specifications[0].backend = .bridge }
    let ends = specifications.count { $0.backend == .bridge }
    guard wire != nil || ends == 0 else {
      throw .usage("backend=bridge: at its other end is another guest's NIC; 'swiftvmm pair' runs the two")
    }
    guard wire == nil || ends == 1 else {
      throw .usage(
        "\(ends) NICs with backend=bridge: one is to be this guest's end of the wire: --nic MODEL,backend=bridge"
      )
    }
  }
}
