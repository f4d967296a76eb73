import Loaders
import Testing
import VMM

/// `struct hvm_start_info` as a guest reads it, written down from Xen's header alone.
private struct StartInformation {
  struct Area: Equatable {
    var start: UInt64
    var length: UInt64
    var type: UInt32
  }

  struct Module: Equatable {
    var start: UInt64
    var length: UInt64
    var text: String
  }

  var version: UInt32
  var flags: UInt32
  var commandLine: String
  var rsdp: UInt64
  var modules: [Module] = []
  var areas: [Area] = []

  init(_ loaded: Loaded) throws {
    let base = loaded.state.rbx
    try #require(loaded.word(at: base) == 0x336e_c578)
    version = loaded.word(at: base + 4)
    flags = loaded.word(at: base + 8)
    commandLine = loaded.string(at: loaded.quad(at: base + 24))
    rsdp = loaded.quad(at: base + 32)
    for index in 0..<UInt64(loaded.word(at: base + 12)) {
      let at = loaded.quad(at: base + 16) + 32 * index
      modules.append(
        Module(
          start: loaded.quad(at: at), length: loaded.quad(at: at + 8),
          text: loaded.string(at: loaded.quad(at: at + 16))))
    }
    for index in 0..<UInt64(loaded.word(at: base + 48)) {
      let at = loaded.quad(at: base + 40) + 24 * index
      areas.append(
        Area(start: loaded.quad(at: at), length: loaded.quad(at: at + 8), type: loaded.word(at: at + 16)))
    }
  }
}

@Suite("Kernels with a PVH note")
struct PVHTests {
  /// Linked high and entered elsewhere than e_entry says, as Linux is.
  private func kernel(entry: [UInt8], owner: String = "Xen\0", type: UInt32 = 18, manifest: Bool = false)
    -> [UInt8]
  {
    let note = String(decoding: entry, as: UTF8.self)
    var segments: [ELFBuilder.Segment] = [
      .init(address: 0x10_0000, virtual: 0xffff_ffff_8100_0000, content: pattern(300), memory: 0x2000),
      noteSegment(note, owner: owner, type: type),
    ]
    if manifest { segments.append(noteSegment(Good.manifest)) }
    return ELFBuilder(entry: 0x10_0010, segments: segments).build()
  }

  /// 0x100020 in 4 bytes, each of which is a character of its own.
  private let short: [UInt8] = [0x20, 0, 0x10, 0]

  @Test("are entered in protected mode where the note says, with the start information in EBX")
  func entry() throws {
    for entry in [short, short + [0, 0, 0, 0]] {
      let loaded = try Loaded(
        kernel(entry: entry), memory: 8 << 20, commandLine: "console=ttyS0",
        modules: [(pattern(5000), "initrd")])
      #expect(loaded.image.format == .pvhELF64)
      #expect(loaded.state.mode == .protected)
      #expect(loaded.state.instructionPointer == 0x10_0020)
      #expect(loaded.state.descriptorTable != nil)
      let information = try StartInformation(loaded)
      #expect(information.version == 1 && information.flags == 0 && information.rsdp == 0)
      #expect(information.commandLine == "console=ttyS0")
      #expect(information.modules == [.init(start: 0x10_2000, length: 5000, text: "initrd")])
      #expect(loaded.bytes(at: 0x10_2000, count: 5000) == pattern(5000))
      #expect(
        information.areas == [
          .init(start: 0, length: 0x9_fc00, type: 1), .init(start: 0x9_fc00, length: 0x6_0400, type: 2),
          .init(start: 0x10_0000, length: 0x70_0000, type: 1),
        ])
    }
  }

  @Test("that are images of ours, or have another note, are entered in 64-bit mode")
  func others() throws {
    for bytes in [
      kernel(entry: short, manifest: true), kernel(entry: short, type: 6),
      kernel(entry: short, owner: "GNU\0"),
    ] {
      let loaded = try Loaded(bytes)
      #expect(loaded.image.format == .elf64)
      #expect(loaded.state.instructionPointer == 0x10_0010)
    }
  }

  @Test("with a note that makes no sense are refused")
  func broken() {
    expect(.elf(.broken("its PHYS32_ENTRY note has 3 bytes, neither 4 nor 8"))) {
      _ = try Loaded(kernel(entry: [1, 2, 3]))
    }
    expect(.entry(.outside(0x30_0020))) { _ = try Loaded(kernel(entry: [0x20, 0, 0x30, 0])) }
  }

  @Test("and more text than there is room for are refused")
  func strings() {
    let text = String(repeating: "x", count: 0x1_9b00)
    expect(.placement(.stringsTooLong(0x1_9b01, room: 0x1_9b00))) {
      _ = try Loaded(kernel(entry: short), commandLine: text)
    }
  }
}
