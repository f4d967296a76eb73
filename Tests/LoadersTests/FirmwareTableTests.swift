import Loaders
import Testing
import VMM

@Suite("What firmware leaves in memory")
struct FirmwareTableTests {
  private let table = FirmwareTable(at: 0xf_0000, pattern(100))

  /// An image with a segment that is all zeros in memory at `address`.
  private func load(bssAt address: UInt64) throws -> Loaded {
    var elf = Good.elf64
    elf.segments.append(.init(address: address, memory: 16))
    return try Loaded(elf.build(), firmware: table)
  }

  @Test("It lies where it is looked for, behind an image as well as before one")
  func written() throws {
    #expect(try Loaded(Good.elf64.build(), firmware: table).bytes(at: 0xf_0000, count: 100) == pattern(100))
    #expect(try load(bssAt: 0xf_0064).bytes(at: 0xf_0000, count: 100) == pattern(100))
    #expect(try load(bssAt: 0xe_fff0).bytes(at: 0xf_0000, count: 100) == pattern(100))
  }

  @Test(
    "An image that lies there itself finds its zeros", arguments: [0xf_0000, 0xf_0063, 0xe_fff1] as [UInt64])
  func imageFirst(address: UInt64) throws {
    #expect(try load(bssAt: address).bytes(at: 0xf_0000, count: 100).allSatisfy { $0 == 0 })
  }

  @Test("A real-mode image finds nothing but itself")
  func real() throws {
    let loaded = try Loaded(pattern(8), entry: FlatEntry("real@0x7c00"), firmware: table)
    #expect(loaded.usedPages == [7])
  }
}
