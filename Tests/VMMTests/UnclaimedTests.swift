import TestSupport
import Testing

@testable import VMM

/// Ports at which no device answers.
@Suite(.requiresKVM) struct UnclaimedTests {
  @Test func `they read all ones in 1, 2 and 4 bytes, and each has its line`() throws {
    let guest = try FlatGuest([
      0x66, 0x31, 0xc0,  // xor eax, eax
      0xba, 0x00, 0x10,  // mov dx, 0x1000
      0xec,  // in al, dx
      0x66, 0xa3, 0x00, 0x30,  // mov [0x3000], eax
      0x66, 0x31, 0xc0,  // xor eax, eax
      0x42,  // inc dx
      0xed,  // in ax, dx
      0x66, 0xa3, 0x04, 0x30,  // mov [0x3004], eax
      0x66, 0x31, 0xc0,  // xor eax, eax
      0x42,  // inc dx
      0x66, 0xed,  // in eax, dx
      0x66, 0xa3, 0x08, 0x30,  // mov [0x3008], eax
      0xee, 0xee,  // out dx, al; out dx, al
      0xe6, 0xf4,  // out 0xf4, al
    ])
    #expect(try guest.run([guest.debugExit()]) == .exited(status: 0xff))
    #expect(guest.word(UInt32.self, at: 0x3000) == 0xff)
    #expect(guest.word(UInt32.self, at: 0x3004) == 0xffff)
    #expect(guest.word(UInt32.self, at: 0x3008) == 0xffff_ffff)
    let ledger = guest.machine.ledgers[0]
    let lines = ledger.unclaimedLines.dropFirst(3)
    #expect(lines.map(\.address) == (0x1000...0x1002).map { UnclaimedAddress(space: .port, address: $0) })
    #expect(lines.map { ledger.tally(ofLine: $0.line).exits } == [1, 1, 1])
    #expect(lines.map { ledger.tally(ofLine: $0.line + 1).exits } == [0, 0, 2])
  }

  @Test func `a guest that tries many has 63 lines, and one for all the others`() throws {
    let guest = try FlatGuest([
      0xba, 0x00, 0x10,  // mov dx, 0x1000
      0xb9, 0x64, 0x00,  // mov cx, 100
      0xec,  // in al, dx
      0x42,  // inc dx
      0xe2, 0xfc,  // loop to the in
      0xba, 0x3e, 0x10, 0xec,  // mov dx, 0x103e; in al, dx: the 63rd
      0xba, 0x3f, 0x10, 0xec,  // mov dx, 0x103f; in al, dx: the 64th
      0xe6, 0xf4,  // out 0xf4, al
    ])
    #expect(try guest.run([guest.debugExit()]) == .exited(status: 0xff))
    let ledger = guest.machine.ledgers[0]
    let exits = ledger.unclaimedLines.map { ledger.tally(ofLine: $0.line).exits }
    #expect(exits == [100 - 63 + 1, 0, 0] + Array(repeating: 1, count: 62) + [2])
    #expect(ledger.unclaimedLines.last?.address == UnclaimedAddress(space: .port, address: 0x103e))
  }
}
