import Loaders
import Testing
import VMM

@Suite("ELF images")
struct ELFTests {
  @Test("A 64-bit image lies in memory byte for byte and is entered in long mode")
  func elf64() throws {
    let loaded = try Loaded(Good.elf64.build())
    #expect(loaded.image.format == .elf64)
    var expected = [UInt8](repeating: 0, count: 4 << 20)
    expected.replaceSubrange(0x20_0000..<0x20_0064, with: pattern(100))
    expected.replaceSubrange(0x10_0000..<0x10_0032, with: pattern(50, from: 9))
    let tables = 0x8_0000..<0x9_fc00
    expected.replaceSubrange(tables, with: loaded.bytes(at: 0x8_0000, count: tables.count))
    #expect(loaded.bytes(at: 0, count: 4 << 20) == expected)
    #expect(loaded.state.mode == .long)
    #expect(loaded.state.instructionPointer == 0x20_0000)
    #expect(loaded.state.stackPointer == 0x8_0000)
    #expect(loaded.state.rax == 0x2bad_b002)
  }

  @Test("A 32-bit image is entered in protected mode at the physical address of its entry")
  func elf32() throws {
    let loaded = try Loaded(Good.elf32.build())
    #expect(loaded.image.format == .multibootELF32)
    #expect(loaded.state.mode == .protected)
    #expect(loaded.state.instructionPointer == 0x10_000c)
    #expect(loaded.state.pageTables == 0)
    #expect(loaded.state.rax == 0x2bad_b002)
    #expect(loaded.bytes(at: 0x10_000c, count: 60) == pattern(60))
    #expect(loaded.bytes(at: 0x10_2000, count: 33) == pattern(33))
  }

  @Test("An entry that is given as a physical address is taken as it is")
  func physicalEntry() throws {
    var elf = ELFBuilder(entry: 0x20_0010)
    elf.segments = [.init(address: 0x20_0000, virtual: 0xffff_ffff_8000_0000, content: pattern(64))]
    #expect(try Loaded(elf.build()).state.instructionPointer == 0x20_0010)
    elf.entry = 0xffff_ffff_8000_0020
    #expect(try Loaded(elf.build()).state.instructionPointer == 0x20_0020)
  }

  @Test(
    "Nothing is written outside the file's bytes and the tables; bss is not touched",
    arguments: [false, true])
  func writesNoMore(wide: Bool) throws {
    let elf = wide ? Good.elf64 : Good.elf32
    let loaded = try Loaded(elf.build(), filledWith: 0xaa)
    var expected = [UInt8](repeating: 0xaa, count: 4 << 20)
    for segment in elf.segments where segment.type == 1 {
      let start = Int(segment.address)
      expected.replaceSubrange(start..<(start + segment.content.count), with: segment.content)
    }
    let tables = wide ? 0x8_0000..<0x8_7000 : 0x8_6000..<0x8_7000
    expected.replaceSubrange(tables, with: loaded.bytes(at: UInt64(tables.lowerBound), count: tables.count))
    #expect(loaded.bytes(at: 0, count: 4 << 20) == expected)
  }

  @Test("Segments go to memory on both sides of the hole")
  func aboveTheHole() throws {
    var elf = ELFBuilder()
    elf.segments = [
      .init(address: 0x20_0000, content: pattern(16)), .init(address: 0xbfff_fff0, content: pattern(16)),
      .init(address: 0x1_0000_0000, content: pattern(32)),
    ]
    let loaded = try Loaded(elf.build(), memory: 3 << 30 | 1 << 20)
    #expect(loaded.bytes(at: 0xbfff_fff0, count: 16) == pattern(16))
    #expect(loaded.bytes(at: 0x1_0000_0000, count: 32) == pattern(32))
  }

  @Test("Program headers may be longer than the specification's")
  func longProgramHeaders() throws {
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: pattern(16))]
    elf.entrySize = 64
    #expect(try Loaded(elf.build()).bytes(at: 0x20_0000, count: 16) == pattern(16))
  }

  @Test("A 64-bit image with a Multiboot header is entered in long mode unless the header has addresses")
  func elf64WithMultiboot() throws {
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: multibootHeader(flags: 0) + pattern(64))]
    #expect(try Loaded(elf.build()).state.mode == .long)
    let offset = UInt32(elf.tableOffset + 64)
    elf.segments[0].content =
      multibootHeader(
        flags: 1 << 16, fields: [0x10_0000 + offset, 0x10_0000, 0, 0, 0x10_0000 + offset + 32]) + pattern(8)
    let loaded = try Loaded(elf.build())
    #expect(loaded.image.format == .multibootAddressFields)
    #expect(loaded.state.mode == .protected)
    #expect(loaded.bytes(at: 0x10_0000, count: loaded.file.view.count) == loaded.file.view.bytes)
  }
}
