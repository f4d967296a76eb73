import Loaders
import Testing
import VMM

@Suite("Flat binaries and --entry")
struct FlatTests {
  @Test("A real-mode image is all that is in memory")
  func real() throws {
    let loaded = try Loaded(pattern(512), entry: FlatEntry("real@0x7c00"))
    #expect(loaded.state == EntryState(.real, at: 0x7c00))
    #expect(loaded.bytes(at: 0x7c00, count: 512) == pattern(512))
    #expect(loaded.usedPages == [7])
  }

  @Test("Protected and long mode get the boot tables", arguments: [EntryState.Mode.protected, .long])
  func withTables(mode: EntryState.Mode) throws {
    let loaded = try Loaded(pattern(5000), entry: FlatEntry(mode, at: 0x10_0004))
    #expect(loaded.state.mode == mode)
    #expect(loaded.state.instructionPointer == 0x10_0004)
    #expect(loaded.state.rax == 0x2bad_b002)
    #expect(loaded.bytes(at: 0x10_0004, count: 5000) == pattern(5000))
    #expect(loaded.usedPages == (mode == .long ? Set(0x80...0x86) : [0x86]).union([0x100, 0x101]))
  }

  @Test("With an entry the file is flat whatever it contains")
  func contentIsIgnored() throws {
    for file in [Good.elf64.build(), Good.elf32.build(), Good.addressFields] {
      let loaded = try Loaded(file, entry: FlatEntry(.long, at: 0x10_0000))
      #expect(loaded.image.format == .flat(try FlatEntry(.long, at: 0x10_0000)))
      #expect(loaded.image.format.name == "flat(long@0x100000)")
      #expect(loaded.image.manifest == nil)
      #expect(loaded.bytes(at: 0x10_0000, count: file.count) == file)
    }
  }

  @Test("Real mode is given neither modules nor a command line of the user's")
  func realTakesNothing() throws {
    expect(.entry(.realModeTakesNothing)) {
      _ = try Loaded(pattern(8), entry: FlatEntry(.real, at: 0), modules: [([1], "m")])
    }
    let loaded = try Loaded(pattern(8), entry: FlatEntry(.real, at: 0), commandLine: "of the VMM")
    expect(.entry(.realModeTakesNothing)) { try loaded.image.check(commandLine: "a=1") }
    try loaded.image.check(commandLine: "")
  }

  @Test("A flat binary stays out of the boot tables, the hole and what is not there")
  func placement() throws {
    expect(.placement(.overBootTables("the image", 0x7_0000..<0x8_0001))) {
      _ = try Loaded(pattern(0x1_0001), entry: FlatEntry(.real, at: 0x7_0000))
    }
    _ = try Loaded(pattern(0x1_0000), entry: FlatEntry(.real, at: 0x7_0000))
    _ = try Loaded(pattern(0x400), entry: FlatEntry(.real, at: 0x9_fc00))
    expect(.placement(.inHole("the image", 0xffff_0000..<0xffff_0010))) {
      _ = try Loaded(pattern(16), entry: FlatEntry(.protected, at: 0xffff_0000))
    }
    expect(
      .placement(.beyondMemory("the image", end: 0x40_0001, needed: 0x40_0001, size: 4 << 20))
    ) {
      _ = try Loaded(pattern(16), entry: FlatEntry(.protected, at: 0x3f_fff1))
    }
  }

  @Test(
    "--entry takes a mode and an address, hexadecimal or decimal",
    arguments: [
      ("real@0x7c00", EntryState.Mode.real, 0x7c00), ("real@31744", .real, 0x7c00),
      ("real@0xfffff", .real, 0xf_ffff),
      ("protected@0X100000", .protected, 0x10_0000), ("long@0xFFFFffff", .long, 0xffff_ffff),
      ("long@0", .long, 0),
    ] as [(String, EntryState.Mode, UInt64)])
  func entryText(text: String, mode: EntryState.Mode, address: UInt64) throws {
    let entry = try FlatEntry(text)
    #expect(entry.mode == mode)
    #expect(entry.address == address)
    #expect(try FlatEntry(entry.description) == entry)
  }

  @Test(
    "Anything else after --entry is refused",
    arguments: [
      "", "@", "real", "real@", "@0x7c00", "Real@0", "virtual@0", "real@0x", "real@x10", "real@-1", "real@+1",
      "real@0x+1", "real@0x-1", "real@1@2", "real@ 1", "real@1 ", "long@0x1_0000",
      "long@99999999999999999999",
      "long@0x10000000000000000", "long@1f", "real@٣", "real@0x１",
    ])
  func badEntryText(text: String) {
    expect(.entry(.badText)) { _ = try FlatEntry(text) }
  }

  @Test("An entry beyond the mode's reach is refused")
  func beyondReach() {
    expect(.entry(.aboveRealMode(0x10_0000))) { _ = try FlatEntry("real@0x100000") }
    expect(.entry(.above4GiB(0x1_0000_0000))) { _ = try FlatEntry("protected@0x100000000") }
    expect(.entry(.above4GiB(0x1_0000_0000))) { _ = try FlatEntry(.long, at: 0x1_0000_0000) }
  }
}
