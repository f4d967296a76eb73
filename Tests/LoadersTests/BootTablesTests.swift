import Loaders
import TestSupport
import Testing
import VMM

@Suite("Descriptors and page tables")
struct BootTablesTests {
  /// A processor's walk of the tables, 4 levels: where an address leads, and whether a user may write there.
  private func walk(_ loaded: Loaded, _ linear: UInt64) -> (physical: UInt64, writable: Bool, user: Bool)? {
    var table = loaded.state.pageTables & ~0xfff
    var writable = true
    var user = true
    for level in [3, 2, 1, 0] as [UInt64] {
      let shift = 12 + 9 * level
      let entry = loaded.quad(at: table + 8 * (linear >> shift & 0x1ff))
      guard entry & 1 != 0 else { return nil }
      // No bit beyond the physical address may be set, and execution is not disabled.
      guard entry >> 40 == 0 else { return nil }
      writable = writable && entry & 2 != 0
      user = user && entry & 4 != 0
      let mask: UInt64 = (1 << shift) - 1
      if level == 0 || entry & 0x80 != 0 {
        guard level <= 1 else { return nil }
        guard level == 0 || entry & 0x1f_e000 == 0 else { return nil }
        return (entry & 0xff_ffff_ffff & ~mask | linear & mask, writable, user)
      }
      table = entry & 0xff_ffff_f000
    }
    return nil
  }

  @Test("The first 4 GiB are mapped one to one for everybody, and nothing else is mapped")
  func identity() throws {
    let loaded = try Loaded(Good.elf64.build())
    #expect(loaded.state.pageTables & 0xfff == 0)
    var random = SplitMix64(seed: 1)
    let pages = (0..<2048).map { UInt64($0) << 21 }
    for address in pages.flatMap({ [$0, $0 + UInt64.random(in: 0..<(1 << 21), using: &random)] }) {
      let found = try #require(walk(loaded, address))
      #expect(found.physical == address && found.writable && found.user)
    }
    for address in [0x1_0000_0000, 0x80_0000_0000, 0x7fff_ffff_f000, 0xffff_ffff_8000_0000] as [UInt64] {
      #expect(walk(loaded, address) == nil)
    }
  }

  @Test("Accessed and dirty flags are set, so that no processor writes to the tables")
  func noWritesByTheProcessor() throws {
    let loaded = try Loaded(Good.elf64.build())
    let entries = (0..<0xc00).map { loaded.quad(at: 0x8_0000 + 8 * $0) }.filter { $0 & 1 != 0 }
    #expect(entries.count == 1 + 4 + 4 * 512)
    #expect(entries.allSatisfy { $0 & 0x20 != 0 && ($0 & 0x80 == 0 || $0 & 0x40 != 0) })
    let table = try #require(loaded.state.descriptorTable)
    #expect(loaded.quad(at: table.lowerBound + 8) >> 40 & 1 == 1)
    #expect(loaded.quad(at: table.lowerBound + 16) >> 40 & 1 == 1)
  }

  @Test("0x08 is code and 0x10 data, flat, in the mode of the entry", arguments: [false, true])
  func descriptors(wide: Bool) throws {
    let loaded = try Loaded((wide ? Good.elf64 : Good.elf32).build())
    let table = try #require(loaded.state.descriptorTable)
    #expect(table.count == 24)
    #expect(loaded.quad(at: table.lowerBound) == 0)
    for selector in [8, 16] as [UInt64] {
      let descriptor = loaded.quad(at: table.lowerBound + selector)
      let base = ((descriptor >> 16) & 0xff_ffff) | ((descriptor >> 56) << 24)
      let limit = (descriptor & 0xffff) | ((descriptor >> 48) & 0xf) << 16
      #expect(base == 0 && limit == 0xf_ffff)
      #expect(descriptor >> 55 & 1 == 1)  // G: the limit counts pages
      #expect(descriptor >> 47 & 1 == 1)  // P
      #expect(descriptor >> 45 & 3 == 0)  // DPL
      #expect(descriptor >> 44 & 1 == 1)  // S
      let isCode = descriptor >> 43 & 1 == 1
      #expect(isCode == (selector == 8))
      #expect(descriptor >> 41 & 1 == 1)  // readable code, writable data
      #expect(descriptor >> 53 & 1 == (isCode && wide ? 1 : 0))  // L
      #expect(descriptor >> 54 & 1 == (isCode && wide ? 0 : 1))  // D/B
    }
  }

  @Test("A small guest's start touches as few pages as there are tables")
  func pages() throws {
    #expect(
      try Loaded(Good.elf64.build(), commandLine: "a=1").usedPages == Set(0x80...0x86).union([0x100, 0x200]))
    #expect(try Loaded(Good.elf32.build(), commandLine: "a=1").usedPages == [0x86, 0x100, 0x102])
  }
}
