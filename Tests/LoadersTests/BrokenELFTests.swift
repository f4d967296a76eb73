import Loaders
import Testing
import VMM

@Suite("Broken and foreign files")
struct BrokenELFTests {
  private func with(_ change: (inout ELFBuilder) -> Void) -> [UInt8] {
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: pattern(64))]
    change(&elf)
    return elf.build()
  }

  private func patched(_ offset: Int, _ value: UInt8) -> [UInt8] {
    var bytes = with { _ in }
    bytes[offset] = value
    return bytes
  }

  @Test("No file at all, and files that are something else")
  func unrecognised() {
    expect(.empty) { _ = try Loaded([]) }
    expect(.empty) { _ = try Loaded([], entry: FlatEntry(.real, at: 0)) }
    expect(.unrecognised) { _ = try Loaded(pattern(100)) }
    expect(.unrecognised) { _ = try Loaded([0x7f, 0x45, 0x4c]) }
  }

  @Test("Headers that end early")
  func truncated() {
    expect(.truncated("the ELF header", end: 16, count: 4)) { _ = try Loaded([0x7f, 0x45, 0x4c, 0x46]) }
    let file = with { _ in }
    expect(.truncated("the ELF header", end: 64, count: 63)) { _ = try Loaded(Array(file[..<63])) }
    expect(.truncated("the program header table", end: 120, count: 119)) {
      _ = try Loaded(Array(file[..<119]))
    }
    expect(.truncated("segment 0", end: 192, count: 191)) { _ = try Loaded(Array(file[..<191])) }
    expect(.truncated("segment 0", end: .max, count: 192)) {
      _ = try Loaded(with { $0.segments[0].offset = .max })
    }
    expect(.truncated("the program header table", end: 64 + 1000 * 56, count: 192)) {
      _ = try Loaded(with { $0.count = 1000 })
    }
  }

  @Test(
    "Other architectures are named",
    arguments: [
      (183, "AArch64"), (243, "RISC-V"), (40, "ARM"), (3, "i386"), (8, "MIPS"), (0x1234, "4660"),
    ] as [(UInt16, String)])
  func architectures(machine: UInt16, name: String) {
    let problem = LoadProblem.elf(.otherMachine(ELFMachine(rawValue: machine), expected: .amd64))
    #expect(problem.description.contains(name))
    expect(problem) { _ = try Loaded(with { $0.machine = machine }) }
  }

  @Test("A 32-bit file for x86-64 and a big-endian one for another machine are told apart")
  func architecturesOfOtherForms() {
    var elf = Good.elf32
    elf.machine = 62
    expect(.elf(.otherMachine(.amd64, expected: .i386))) { _ = try Loaded(elf.build()) }
    var sparc = with { $0.machine = 0x2b00 }
    sparc[5] = 2
    expect(.elf(.otherMachine(ELFMachine(rawValue: 43), expected: .amd64))) { _ = try Loaded(sparc) }
    var bigEndian = with { $0.machine = 0x3e00 }
    bigEndian[5] = 2
    expect(.elf(.broken("its data encoding is big-endian, which no x86 is"))) { _ = try Loaded(bigEndian) }
  }

  @Test(
    "Objects, shared objects and core dumps are no programs", arguments: [0, 1, 3, 4, 0xfe00] as [UInt16])
  func types(type: UInt16) {
    expect(.elf(.notExecutable(type: type))) { _ = try Loaded(with { $0.type = type }) }
  }

  @Test("Headers that make no sense")
  func nonsense() {
    expect(.elf(.broken("EI_CLASS is 3, neither 32-bit (1) nor 64-bit (2)"))) {
      _ = try Loaded(patched(4, 3))
    }
    expect(.elf(.broken("e_phentsize is 55, less than a program header"))) {
      _ = try Loaded(with { $0.entrySize = 55 })
    }
    expect(.elf(.broken("its program header table is longer than 64 KiB"))) {
      _ = try Loaded(with { $0.count = 0xffff })
    }
    expect(.elf(.broken("segment 0 is longer in the file than in memory"))) {
      _ = try Loaded(with { $0.segments[0].memory = 63 })
    }
  }

  @Test("Files without anything to load, or that want an operating system")
  func nothingToLoad() {
    expect(.elf(.noSegment)) { _ = try Loaded(with { $0.segments = [] }) }
    expect(.elf(.noSegment)) { _ = try Loaded(with { $0.segments[0].type = 6 }) }
    expect(.elf(.noSegment)) {
      _ = try Loaded(with { $0.segments = [.init(address: 0x20_0000, content: [], memory: 0)] })
    }
    expect(.elf(.needsInterpreter)) {
      _ = try Loaded(with { $0.segments.append(.init(type: 3, address: 0, content: pattern(8))) })
    }
    var elf = Good.elf32
    elf.segments[0].content = pattern(72)
    expect(.elf(.withoutMultiboot)) { _ = try Loaded(elf.build()) }
  }

  @Test("Entries outside the bytes that are loaded")
  func entries() {
    for entry in [0, 0x1f_ffff, 0x20_0040, .max] as [UInt64] {
      expect(.entry(.outside(entry))) { _ = try Loaded(with { $0.entry = entry }) }
    }
    // In bss there are only zeros to run.
    expect(.entry(.outside(0x20_0080))) {
      _ = try Loaded(
        with {
          $0.entry = 0x20_0080
          $0.segments[0].memory = 0x1000
        })
    }
    expect(.entry(.above4GiB(0x1_0000_0000))) {
      _ = try Loaded(
        with {
          $0.entry = 0x1_0000_0000
          $0.segments[0].address = 0x1_0000_0000
        }, memory: 4 << 30)
    }
  }

  @Test("A failed load leaves memory as it was")
  func nothingWritten() throws {
    let file = File(Good.elf64.build())
    let memory = try GuestMemory(size: 2 << 20)
    let image = try BootImage(file.view, name: "test")
    #expect(throws: LoadError.self) { try image.load(into: memory) }
    #expect(usedPages(memory).isEmpty)
    #expect(throws: LoadError.self) {
      try image.load(into: memory, commandLine: String(repeating: "x", count: 1 << 20))
    }
    #expect(usedPages(memory).isEmpty)
  }

  @Test("Errors name the image")
  func names() {
    let file = File(pattern(10))
    let error = #expect(throws: LoadError.self) { try BootImage(file.view, name: "kernel.bin") }
    #expect(error?.description.hasPrefix("kernel.bin: neither ELF nor Multiboot") == true)
  }
}
