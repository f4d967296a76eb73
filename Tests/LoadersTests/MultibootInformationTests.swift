import Loaders
import Testing
import VMM

/// The information structure as a guest reads it, written down from the specification's figure alone.
private struct Information {
  struct Area: Equatable {
    var start: UInt64
    var length: UInt64
    var type: UInt32
  }

  struct Module: Equatable {
    var start: UInt32
    var end: UInt32
    var text: String
  }

  var flags: UInt32
  var lower: UInt32
  var upper: UInt32
  var commandLine: String
  var modules: [Module] = []
  var areas: [Area] = []
  var loader: String

  init(_ loaded: Loaded) {
    let base = loaded.state.rbx
    func field(_ offset: UInt64) -> UInt64 { UInt64(loaded.word(at: base + offset)) }
    flags = UInt32(field(0))
    lower = UInt32(field(4))
    upper = UInt32(field(8))
    commandLine = loaded.string(at: field(16))
    loader = loaded.string(at: field(64))
    for index in 0..<field(20) {
      let at = field(24) + 16 * index
      modules.append(
        Module(
          start: loaded.word(at: at), end: loaded.word(at: at + 4),
          text: loaded.string(at: UInt64(loaded.word(at: at + 8)))))
    }
    var at = field(48)
    while at < field(48) + field(44) {
      areas.append(
        Area(start: loaded.quad(at: at + 4), length: loaded.quad(at: at + 12), type: loaded.word(at: at + 20))
      )
      at += UInt64(loaded.word(at: at)) + 4
    }
  }
}

@Suite("What the guest is told")
struct MultibootInformationTests {
  @Test("The structure is complete without modules", arguments: [false, true])
  func withoutModules(wide: Bool) throws {
    let loaded = try Loaded((wide ? Good.elf64 : Good.elf32).build(), commandLine: "packets=5 driver=tuned")
    let information = Information(loaded)
    #expect(loaded.state.rbx & 3 == 0)
    #expect(information.flags == 1 << 0 | 1 << 2 | 1 << 6 | 1 << 9)
    #expect(information.commandLine == "packets=5 driver=tuned")
    #expect(information.loader == "swiftvmm")
    #expect(information.modules.isEmpty)
    #expect(information.lower == 639)
    #expect(information.upper == 3072)
    #expect(
      information.areas == [
        .init(start: 0, length: 0x9_fc00, type: 1), .init(start: 0x9_fc00, length: 0x6_0400, type: 2),
        .init(start: 0x10_0000, length: 0x30_0000, type: 1),
      ])
  }

  @Test(
    "The memory map covers all RAM of every size, once, and no hole",
    arguments: [
      1 << 20, 1 << 20 | 4096, 64 << 20, 3 << 30, 3 << 30 | 4096, 5 << 30,
    ] as [UInt64])
  func memoryMap(size: UInt64) throws {
    let loaded = try Loaded(pattern(16), entry: FlatEntry(.protected, at: 0x1000), memory: size)
    let information = Information(loaded)
    #expect(information.areas.reduce(0) { $0 + $1.length } == size)
    var end: UInt64 = 0
    for area in information.areas {
      #expect(area.start == end || area.start == 0x1_0000_0000)
      #expect(area.length > 0)
      #expect(loaded.memory.view(at: area.start, count: Int(area.length)) != nil)
      #expect(area.type == (area.start == 0x9_fc00 ? 2 : 1))
      end = area.start + area.length
    }
    let low = min(size, 3 << 30)
    #expect(UInt64(information.upper) * 1024 == low - (1 << 20))
  }

  @Test("Modules lie on pages above the image, in order, with their strings")
  func modules() throws {
    let given: [(bytes: [UInt8], text: String)] = [
      (pattern(5000), "first a=1"), ([], "empty"), (pattern(10, from: 40), "wörter"), (pattern(4096), ""),
    ]
    let loaded = try Loaded(Good.elf64.build(), commandLine: "x=y", modules: given)
    let information = Information(loaded)
    #expect(information.flags == 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9)
    #expect(information.commandLine == "x=y")
    #expect(information.modules.map(\.text) == given.map(\.text))
    var end: UInt32 = 0x20_0000 + 5000  // with bss
    for (module, (bytes, _)) in zip(information.modules, given) {
      #expect(module.start & 0xfff == 0 && module.start >= end && module.start - end < 4096)
      #expect(loaded.bytes(at: UInt64(module.start), count: Int(module.end - module.start)) == bytes)
      end = module.end
    }
  }

  @Test("Modules of an image below 1 MiB lie above 1 MiB")
  func modulesAboveLowMemory() throws {
    let loaded = try Loaded(pattern(8), entry: FlatEntry(.long, at: 0x1000), modules: [([7], "m")])
    #expect(Information(loaded).modules == [.init(start: 0x10_0000, end: 0x10_0001, text: "m")])
  }

  @Test("Segments above 4 GiB do not push modules out of a 32-bit guest's sight")
  func modulesBelowHole() throws {
    var elf = ELFBuilder()
    elf.segments = [
      .init(address: 0x20_0000, content: pattern(16)), .init(address: 0x1_0000_0000, content: pattern(16)),
    ]
    let loaded = try Loaded(elf.build(), memory: 4 << 30, modules: [([7], "m")])
    #expect(Information(loaded).modules == [.init(start: 0x20_1000, end: 0x20_1001, text: "m")])
  }

  @Test("Modules that do not fit are an error that says how much memory would do")
  func modulesBeyondMemory() throws {
    expect(
      .placement(
        .beyondMemory("module 1", end: 0x20_3001, needed: 0x20_3001, size: 2 << 20 | 0x2000))
    ) {
      _ = try Loaded(
        Good.elf64.build(), memory: 2 << 20 | 0x2000, modules: [(pattern(1), "a"), (pattern(1), "b")])
    }
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: pattern(16), memory: 0xbfe0_0000)]
    expect(.placement(.moduleAboveHole("module 0"))) {
      _ = try Loaded(elf.build(), memory: 4 << 30, modules: [([1], "")])
    }
  }

  @Test("Strings fill the room to its last byte and no further")
  func strings() throws {
    let room = 0x9_fc00 - 0x8_6100
    let longest = String(repeating: "x", count: room - "swiftvmm".count - 2)
    #expect(Information(try Loaded(Good.elf32.build(), commandLine: longest)).commandLine == longest)
    expect(.placement(.stringsTooLong(UInt64(room + 1), room: UInt64(room)))) {
      _ = try Loaded(Good.elf32.build(), commandLine: longest + "x")
    }
    let shorter = String(repeating: "y", count: room - "swiftvmm".count - 2 - 16 - 1)
    let loaded = try Loaded(Good.elf32.build(), modules: [([1], shorter)])
    #expect(Information(loaded).modules.map(\.text) == [shorter])
    expect(.placement(.stringsTooLong(UInt64(room + 1), room: UInt64(room)))) {
      _ = try Loaded(Good.elf32.build(), modules: [([1], shorter + "y")])
    }
  }
}
