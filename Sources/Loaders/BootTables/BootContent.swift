import VMM

/// What a guest is told, whichever boot protocol says it.
struct BootContent {
  struct Module {
    let range: Range<GuestAddress>
    let text: String
  }

  let commandLine: String
  let modules: [Module]
  /// RAM in bytes.
  let memorySize: UInt64

  /// - Parameter placed: where each of `modules` lies, below 4 GiB.
  init(commandLine: String, modules: [BootModule], placed: [Segment], memorySize: UInt64) {
    self.commandLine = commandLine
    self.modules = zip(modules, placed).map { Module(range: $1.start..<$1.end, text: $0.text) }
    self.memorySize = memorySize
  }
}
