import Loaders
import Testing
import VMM

@Suite("Multiboot headers")
struct MultibootTests {
  @Test("Address fields say what goes where")
  func addressFields() throws {
    let file = Good.addressFields
    let loaded = try Loaded(file, filledWith: 0xaa)
    #expect(loaded.image.format == .multibootAddressFields)
    #expect(loaded.state.mode == .protected)
    #expect(loaded.state.instructionPointer == 0x10_0030)
    #expect(loaded.bytes(at: 0x10_0000, count: 0x60) == Array(file[8..<0x68]))
    #expect(loaded.bytes(at: 0x10_0060, count: 0x10) == [UInt8](repeating: 0xaa, count: 0x10))
    #expect(loaded.bytes(at: 0xf_fff0, count: 0x10) == [UInt8](repeating: 0xaa, count: 0x10))
  }

  @Test("load_end_addr 0 stands for the rest of the file")
  func wholeFile() throws {
    let header = multibootHeader(flags: 1 << 16, fields: [0x10_0000, 0x10_0000, 0, 0, 0x10_0020])
    let file = header + pattern(500)
    #expect(try Loaded(file).bytes(at: 0x10_0000, count: 532) == file)
  }

  @Test("The header is found at every aligned offset of the first 8192 bytes and at no other")
  func offsets() throws {
    let base: UInt32 = 0x10_0000
    for offset in [0, 4, 44, 4096, 8192 - 32] {
      let header = multibootHeader(
        flags: 1 << 16, fields: [base + UInt32(offset), base, 0, 0, base + UInt32(offset)])
      let file = [UInt8](repeating: 0x90, count: offset) + header + pattern(8)
      #expect(try Loaded(file).bytes(at: UInt64(base), count: file.count) == file)
    }
    for offset in [1, 2, 3, 8190, 8192] {
      let header = multibootHeader(flags: 1 << 16, fields: [base, base, 0, 0, base])
      expect(.unrecognised) {
        _ = try Loaded([UInt8](repeating: 0x90, count: offset) + header)
      }
    }
  }

  @Test("A magic number without its checksum does not hide the header behind it")
  func constantBeforeHeader() throws {
    let decoy = multibootHeader(flags: 7, checksum: 12)
    var elf = ELFBuilder.elf32(
      [.init(address: 0x10_0000, content: decoy + multibootHeader(flags: 0) + pattern(16))], entry: 0x10_0018)
    #expect(try Loaded(elf.build()).state.instructionPointer == 0x10_0018)
    elf.segments[0].content = decoy + pattern(16)
    let offset = elf.tableOffset + 32
    expect(.multiboot(.badChecksum(offset: (offset + 15) / 16 * 16))) { _ = try Loaded(elf.build()) }
  }

  @Test("Flags 0 and 1 are met, optional flags are free, every other is refused")
  func requirements() throws {
    for bit in 0..<32 as Range<UInt32> where bit != 16 {
      let elf = ELFBuilder.elf32(
        [.init(address: 0x10_0000, content: multibootHeader(flags: 1 << bit) + pattern(16))],
        entry: 0x10_000c)
      if (2...15).contains(bit) {
        expect(.multiboot(.unmetRequirements(1 << bit, offset: 96))) { _ = try Loaded(elf.build()) }
      } else {
        #expect(try Loaded(elf.build()).state.mode == .protected)
      }
    }
  }

  @Test("Flag 2 is refused with its reason")
  func video() {
    let file = multibootHeader(flags: 1 << 16 | 4, fields: [0x10_0000, 0x10_0000, 0, 0, 0x10_0000])
    let error = #expect(throws: LoadError.self) { _ = try Loaded(file) }
    #expect(error?.description.contains("video") == true)
  }

  @Test(
    "Address fields that contradict each other are refused",
    arguments: [
      [0x0f_ffff, 0x10_0000, 0, 0, 0x10_0000],  // header below what is loaded
      [0x10_0040, 0x10_0000, 0, 0, 0x10_0000],  // load_addr before the file's first byte
      [0x10_0000, 0x10_0000, 0x10_0000, 0, 0x10_0000],  // nothing to load
      [0x10_0000, 0x10_0000, 0x0f_0000, 0, 0x10_0000],
      [0x10_0000, 0x10_0000, 0x10_0040, 0x10_003f, 0x10_0000],  // bss ends in the data
    ] as [[UInt32]])
  func contradictions(fields: [UInt32]) throws {
    let file = multibootHeader(flags: 1 << 16, fields: fields) + pattern(100)
    let error = #expect(throws: LoadError.self) { _ = try Loaded(file) }
    guard case .multiboot(.badAddressFields) = error?.problem else {
      Issue.record("not refused for its address fields: \(String(describing: error))")
      return
    }
  }

  @Test("Address fields that leave the file, memory or what is loaded are refused")
  func outside() {
    func file(_ fields: [UInt32]) -> [UInt8] { multibootHeader(flags: 1 << 16, fields: fields) + pattern(32) }
    let base: UInt32 = 0x10_0000
    expect(.truncated("the image (load_end_addr)", end: 65, count: 64)) {
      _ = try Loaded(file([base, base, base + 65, 0, base]))
    }
    expect(.entry(.outside(0x10_0040))) { _ = try Loaded(file([base, base, 0, base + 0x100, base + 0x40])) }
    expect(.entry(.outside(0x0f_ffff))) { _ = try Loaded(file([base, base, 0, 0, base - 1])) }
    expect(
      .placement(
        .beyondMemory("the image", end: 0x4000_0000, needed: 0x4000_0000, size: 4 << 20))
    ) {
      _ = try Loaded(file([base, base, 0, 0x4000_0000, base]))
    }
    expect(.placement(.inHole("the image", 0x10_0000..<0xc000_0001))) {
      _ = try Loaded(file([base, base, 0, 0xc000_0001, base]))
    }
    expect(.truncated("the Multiboot header", end: 32, count: 20)) {
      _ = try Loaded(Array(file([base, base, 0, 0, base])[..<20]))
    }
  }

  @Test("A header without address fields in a file that is not ELF is refused")
  func noAddresses() {
    expect(.multiboot(.noAddressFields(offset: 0))) { _ = try Loaded(multibootHeader(flags: 3)) }
    expect(.multiboot(.badChecksum(offset: 0))) { _ = try Loaded(multibootHeader(flags: 3, checksum: 3)) }
  }

  @Test("A header whose address fields begin within 8192 bytes and end beyond is refused")
  func headerAcrossTheLimit() {
    let header = multibootHeader(flags: 1 << 16, fields: [0x10_0000, 0x10_0000, 0, 0, 0x10_0000])
    expect(.multiboot(.badAddressFields("the header reaches beyond the first 8192 bytes"))) {
      _ = try Loaded([UInt8](repeating: 0x90, count: 8192 - 16) + header)
    }
  }
}
