import KVM
import TestSupport
import Testing

@testable import VMM

/// Writes that KVM keeps instead of leaving the guest.
@Suite(.requiresKVM) struct CoalescedWriteTests {
  /// What fits into the ring's page beside two indices of 4 bytes, one place of which stays empty.
  private static let room = UInt64((4096 - 8) / 24 - 1)
  private static let writes = 400

  private func expectCounted(_ guest: FlatGuest, _ device: RecordingDevice, at offset: Int, size: Int) {
    #expect(
      device.records
        == (0..<Self.writes).map {
          .init(offset: offset, size: size, value: UInt64(Self.writes - $0) & 0xffff)
        })
    // The write after a full ring is the one that exits, and it empties the ring.
    let exits = UInt64(Self.writes) / (Self.room + 1)
    let tally = guest.tally(1, isWrite: true)
    #expect(tally.exits == exits)
    #expect(tally.coalesced == UInt64(Self.writes) - exits)
    #expect(tally.accesses == UInt64(Self.writes))
  }

  @Test(.requires(.coalescedPIO)) func `169 port writes wait, the 170th exits, all arrive in order`() throws {
    let guest = try FlatGuest([
      0xba, 0xf0, 0x05,  // mov dx, 0x5f0
      0xb8, 0x90, 0x01,  // mov ax, 400
      0xef,  // out dx, ax
      0x48,  // dec ax
      0x75, 0xfc,  // jnz to the out
      0xe6, 0xf4,  // out 0xf4, al
    ])
    let port = device(.port, base: 0x5f0, coalesced: [0..<8])
    #expect(try guest.run(port) == .exited(status: 0))
    expectCounted(guest, port, at: 0, size: 2)
  }

  @Test(.requires(.coalescedMMIO)) func `169 memory writes wait, the 170th exits, all arrive in order`()
    throws
  {
    let guest = try FlatGuest(
      [
        0xb8, 0x90, 0x01, 0x00, 0x00,  // mov eax, 400
        0xa3, 0x04, 0x00, 0x00, 0xd0,  // mov [0xd0000004], eax
        0x48,  // dec eax
        0x75, 0xf8,  // jnz to the mov
        0xe6, 0xf4,  // out 0xf4, al
      ], mode: .protected)
    let memory = device(.memory, base: 0xd000_0000, coalesced: [0..<8])
    #expect(try guest.run(memory) == .exited(status: 0))
    expectCounted(guest, memory, at: 4, size: 4)
  }

  @Test(.requires(.coalescedPIO)) func `a read of the device comes after the writes before it`() throws {
    let guest = try FlatGuest([
      0xba, 0xf0, 0x05,  // mov dx, 0x5f0
      0xb0, 0x11, 0xee,  // mov al, 0x11; out dx, al
      0xb0, 0x22, 0xee,  // mov al, 0x22; out dx, al
      0xec,  // in al, dx
      0xe6, 0xf4,  // out 0xf4, al
    ])
    let port = device(.port, base: 0x5f0, coalesced: [0..<8])
    port.answer = { _ in port.records.reduce(0) { $0 + ($1.value ?? 0) } }
    #expect(try guest.run(port) == .exited(status: 0x33))
    #expect(port.records.map(\.value) == [0x11, 0x22, nil])
    #expect(guest.tally(1, isWrite: true).coalesced == 2)
    #expect(guest.tally(1, isWrite: true).exits == 0)
  }

  @Test(.requires(.coalescedPIO)) func `a write next to the range does not wait`() throws {
    let guest = try FlatGuest([
      0xb0, 0x01,  // mov al, 1
      0xba, 0xf3, 0x05, 0xee,  // mov dx, 0x5f3; out dx, al
      0xba, 0xf6, 0x05, 0xee,  // mov dx, 0x5f6; out dx, al
      0xba, 0xf4, 0x05, 0xee,  // mov dx, 0x5f4; out dx, al
      0xe6, 0xf4,  // out 0xf4, al
    ])
    let port = device(.port, base: 0x5f0, coalesced: [4..<6])
    #expect(try guest.run(port) == .exited(status: 1))
    #expect(port.records.map(\.offset) == [3, 6, 4])
    #expect(guest.tally(1, isWrite: true).exits == 2)
    #expect(guest.tally(1, isWrite: true).coalesced == 1)
  }

  @Test(.requires(.coalescedPIO)) func `what still waits when the run ends arrives before it is over`() throws
  {
    let guest = try FlatGuest([
      0xba, 0xf0, 0x05,  // mov dx, 0x5f0
      0xb0, 0x11, 0xee,  // mov al, 0x11; out dx, al
      0xeb, 0xfe,  // jmp $
    ])
    let port = device(.port, base: 0x5f0, coalesced: [0..<8])
    #expect(try guest.run(port, limit: .milliseconds(300)) == .timeLimit)
    #expect(port.records == [.init(offset: 0, size: 1, value: 0x11)])
  }
}
