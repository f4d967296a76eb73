import ArgumentParser
import Board
import BuiltinImages
import KVM
import Loaders
import VMM

/// What makes a guest: its image, its words, its machine.
struct GuestOptions: ParsableArguments {
  @Argument(help: "A file, or builtin:NAME (see 'swiftvmm images').")
  var image: String

  @Argument(help: "Words for the guest's command line, behind those of --cmdline.")
  var words: [String] = []

  @Option(help: "The guest's command line.")
  var cmdline = ""

  @Option(help: "RAM in bytes, or with K, M or G.")
  var memory = "64M"

  @Option(help: "Number of vCPUs.")
  var cpus = 1

  @Option(help: ArgumentHelp("A file for the guest, with a string for it.", valueName: "file[:string]"))
  var module: [String] = []

  @Option(
    help: ArgumentHelp(
      "Load a flat binary at ADDRESS and enter it there: real, protected or long.", valueName: "mode@address"))
  var entry: String?

  @Option(help: "Interrupt controllers: kernel, or none (a PIC in user space, HLT exits).")
  var irqchip = MachineConfiguration.InterruptControllers.kernel

  @Option(
    help: ArgumentHelp(
      "A NIC: e1000 or virtio-net, with ,backend=sink or ,backend=reflector.", valueName: "model[,backend=...]"))
  var nic: [String] = []

  @Option(
    help: ArgumentHelp(
      "Change what CPUID answers, e.g. 1:ecx=0/0x200000 clears bit 21.",
      valueName: "leaf[.subleaf]:reg=value[/mask]"))
  var cpuid: [CPUIDArgument] = []

  /// The whole command line that the user wrote for the guest.
  var commandLine: String { ([cmdline] + words).filter { !$0.isEmpty }.joined(separator: " ") }

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
  func modules() throws(Failure) -> [(BootModule, FileContents)] {
    var modules: [(BootModule, FileContents)] = []
    for argument in module {
      let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let path = String(parts[0])
      let file = try FileContents(path)
      modules.append((BootModule(file.bytes, text: parts.count > 1 ? String(parts[1]) : path), file))
    }
    return modules
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
    configuration.cpus = cpus
    configuration.interruptControllers = irqchip
    configuration.cpuid = cpuid.map(\.change)
    return configuration
  }

  /// The NICs asked for, or those that the image's manifest wants.
  func nics(for image: BootImage) throws(Failure) -> [NICSpecification] {
    var nics: [NICSpecification] = []
    for text in nic.isEmpty ? image.manifest?.nics ?? [] : nic {
      do throws(NICSpecificationError) {
        nics.append(try NICSpecification(text))
      } catch {
        throw .usage(error.description)
      }
    }
    return nics
  }
}

extension MachineConfiguration.InterruptControllers: ExpressibleByArgument {}
