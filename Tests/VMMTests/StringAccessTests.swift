import TestSupport
import Testing

@testable import VMM

/// `rep outs` and `rep ins`: how many items an exit carries is KVM's choice, their sum and order are not.
@Suite(.requiresKVM) struct StringAccessTests {
  private struct Width: Sendable, CustomTestStringConvertible {
    let size: Int
    let outs: [UInt8]
    let ins: [UInt8]
    var testDescription: String { "\(size) bytes an item" }

    static let all = [
      Width(size: 1, outs: [0xf3, 0x6e], ins: [0xf3, 0x6c]),  // rep outsb; rep insb
      Width(size: 2, outs: [0xf3, 0x6f], ins: [0xf3, 0x6d]),  // rep outsw; rep insw
      Width(size: 4, outs: [0x66, 0xf3, 0x6f], ins: [0x66, 0xf3, 0x6d]),  // rep outsd; rep insd
    ]
  }

  /// 64 items between the port and 0x2000.
  private func code(_ instruction: [UInt8]) -> [UInt8] {
    [
      0xfc,  // cld
      0xbe, 0x00, 0x20,  // mov si, 0x2000
      0xbf, 0x00, 0x20,  // mov di, 0x2000
      0xba, 0xf0, 0x05,  // mov dx, 0x5f0
      0xb9, 0x40, 0x00,  // mov cx, 64
    ] + instruction + [
      0x88, 0xc8,  // mov al, cl
      0xe6, 0xf4,  // out 0xf4, al
    ]
  }

  /// 256 bytes, no two of which agree.
  private let data = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }

  private func item(_ number: Int, _ size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(data[number * size + $1]) << ($1 * 8) }
  }

  @Test(arguments: Width.all) private func `rep outs hands over 64 items in order`(width: Width) throws {
    let guest = try FlatGuest(code(width.outs))
    guest.load(data, at: 0x2000)
    let port = device(.port, base: 0x5f0)
    #expect(try guest.run(port) == .exited(status: 0))
    #expect(
      port.records == (0..<64).map { .init(offset: 0, size: width.size, value: item($0, width.size)) })
    let tally = guest.tally(1, isWrite: true)
    #expect(tally.exits + tally.items == 64)
    #expect(tally.exits >= 1)
  }

  @Test(arguments: Width.all) private func `rep ins stores 64 answers in order and none beyond them`(
    width: Width
  ) throws {
    let guest = try FlatGuest(code(width.ins))
    let port = device(.port, base: 0x5f0)
    // KVM may ask for items ahead; what it asks for it must store.
    port.answer = { [item] _ in item((port.records.count - 1) % 64, width.size) | ~0 << (width.size * 8) }
    #expect(try guest.run(port) == .exited(status: 0))
    #expect(port.records == Array(repeating: .init(offset: 0, size: width.size, value: nil), count: 64))
    #expect(
      guest.machine.memory.view(at: 0x2000, count: 64 * width.size)?.bytes
        == Array(data.prefix(64 * width.size)))
    #expect(guest.word(UInt64.self, at: UInt64(0x2000 + 64 * width.size)) == 0)
    let tally = guest.tally(1, isWrite: false)
    #expect(tally.exits + tally.items == 64)
    #expect(tally.accesses == 64)
  }
}
