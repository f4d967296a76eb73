import Report
import TestSupport
import Testing

/// Guests that move the windows of a PCI device.
@Suite(.requiresKVM) struct PCITests {
  /// In protected mode: a configuration register of 00:03.0 takes a value.
  private static func configure(_ register: UInt8, _ value: UInt32) -> [UInt8] {
    [0xb8, register, 0x18, 0x00, 0x80]  // mov eax, 0x80001800 | register
      + [0x66, 0xba, 0xf8, 0x0c, 0xef]  // mov dx, 0xcf8; out dx, eax
      + [0xb8] + bytes(value)  // mov eax, value
      + [0x66, 0xba, 0xfc, 0x0c, 0xef]  // mov dx, 0xcfc; out dx, eax
  }

  private static func bytes(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
  }

  /// Reads four bytes of memory and writes them to the debug console.
  private static func show(_ address: UInt32) -> [UInt8] {
    [0xa1] + bytes(address) + Code.writeEAX  // mov eax, [address]
  }

  private func run(_ code: [UInt8], _ arguments: String...) throws -> Run {
    let folder = try Scratch()
    let image = FlatImage(code + Code.end, entry: "protected@0x100000")
    return try Swiftvmm.boot(image.arguments(in: folder) + ["--nic", "e1000"] + arguments)
  }

  /// RAL0 of the NIC that docs/guest-abi.md describes.
  private static let address: [UInt8] = [0x52, 0x54, 0x00, 0x12]
  private static let nobody: [UInt8] = [0xff, 0xff, 0xff, 0xff]

  @Test func `a moved window answers at the new place and not at the old, on the same lines of the ledger`()
    throws
  {
    let run = try run(
      Self.show(0xfebc_5400) + Self.configure(0x10, 0xf000_0000) + Self.show(0xf000_5400)
        + Self.show(0xfebc_5400)
        + Self.configure(0x10, 0xfebc_0000) + Self.show(0xfebc_5400), "--witness")
    #expect(run.output == Self.address + Self.address + Self.nobody + Self.address)
    let report = try run.report
    #expect(try report.device("e1000").counts.values.map(\.reads).max() == 3)
    let witness = try #require(report.witness)
    #expect(witness.differing.map(\.subject) == [])
    #expect(witness.unavailable.contains { $0.key.contains("e1000") && $0.value.contains("moved") })
  }

  @Test func `over RAM it answers nowhere, which is said, and comes back`() throws {
    let run = try run(
      Self.configure(0x10, 0x0020_0000) + Self.show(0x0020_5400) + Self.configure(0x10, 0xfebc_0000)
        + Self.show(0xfebc_5400))
    #expect(run.output == [0, 0, 0, 0] + Self.address)
    let faults = try run.report.device("pci").faults
    #expect(faults.count == 1)
    #expect(faults.first?.contains("0x200000 lies over RAM: it answers nowhere") == true)
  }

  @Test func `who asks for the size leaves the witnesses whole`() throws {
    let run = try run(
      Self.configure(0x10, 0xffff_ffff) + Self.configure(0x10, 0xfebc_0000) + Self.show(0xfebc_5400),
      "--witness")
    #expect(run.output == Self.address)
    let witness = try #require(try run.report.witness)
    #expect(witness.differing.map(\.subject) == [])
    #expect(!witness.unavailable.keys.contains { $0.contains("e1000") })
  }

  @Test func `configuration space is in memory as well`() throws {
    let run = try run(Self.show(0xe001_8000) + Self.show(0xe001_8010))
    #expect(run.output == Self.bytes(0x100e_8086) + Self.bytes(0xfebc_0000))
  }
}
