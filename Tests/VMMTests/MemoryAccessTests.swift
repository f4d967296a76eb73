import TestSupport
import Testing

@testable import VMM

/// Loads and stores where there is no RAM.
@Suite(.requiresKVM) struct MemoryAccessTests {
  @Test func `stores and loads of 1, 2 and 4 bytes arrive with their width`() throws {
    let guest = try FlatGuest(
      [
        0xb8, 0x44, 0x33, 0x22, 0x11,  // mov eax, 0x11223344
        0xa2, 0x01, 0x00, 0x00, 0xd0,  // mov [0xd0000001], al
        0x66, 0xa3, 0x02, 0x00, 0x00, 0xd0,  // mov [0xd0000002], ax
        0xa3, 0x04, 0x00, 0x00, 0xd0,  // mov [0xd0000004], eax
        0xb8, 0xff, 0xff, 0xff, 0xff,  // mov eax, -1
        0xa0, 0x01, 0x00, 0x00, 0xd0,  // mov al, [0xd0000001]
        0xa3, 0x00, 0x30, 0x00, 0x00,  // mov [0x3000], eax
        0x66, 0xa1, 0x02, 0x00, 0x00, 0xd0,  // mov ax, [0xd0000002]
        0xa3, 0x04, 0x30, 0x00, 0x00,  // mov [0x3004], eax
        0xa1, 0x04, 0x00, 0x00, 0xd0,  // mov eax, [0xd0000004]
        0xa3, 0x08, 0x30, 0x00, 0x00,  // mov [0x3008], eax
        0xe6, 0xf4,  // out 0xf4, al
      ], mode: .protected)
    let memory = device(.memory, base: 0xd000_0000)
    memory.answer = { _ in 0xaabb_ccdd_5566_7788 }
    #expect(try guest.run(memory) == .exited(status: 0x88))
    #expect(
      memory.records == [
        .init(offset: 1, size: 1, value: 0x44), .init(offset: 2, size: 2, value: 0x3344),
        .init(offset: 4, size: 4, value: 0x1122_3344), .init(offset: 1, size: 1, value: nil),
        .init(offset: 2, size: 2, value: nil), .init(offset: 4, size: 4, value: nil),
      ])
    #expect(guest.word(UInt32.self, at: 0x3000) == 0xffff_ff88)
    #expect(guest.word(UInt32.self, at: 0x3004) == 0xffff_7788)
    #expect(guest.word(UInt32.self, at: 0x3008) == 0x5566_7788)
    #expect(guest.tally(1, isWrite: true).exits == 3)
    #expect(guest.tally(1, isWrite: false).exits == 3)
  }

  @Test func `a store across a page boundary is two exits, in order, and no byte is lost`() throws {
    let guest = try FlatGuest(
      [
        0xb8, 0x44, 0x33, 0x22, 0x11,  // mov eax, 0x11223344
        0xa3, 0xfd, 0x0f, 0x00, 0xd0,  // mov [0xd0000ffd], eax
        0xe6, 0xf4,  // out 0xf4, al
      ], mode: .protected)
    let memory = device(.memory, base: 0xd000_0000, count: 0x2000)
    #expect(try guest.run(memory) == .exited(status: 0x44))
    let bytes = memory.records.flatMap { record in
      (0..<record.size).map { (record.offset + $0, UInt8(truncatingIfNeeded: record.value! >> ($0 * 8))) }
    }
    #expect(bytes.map(\.0) == [0xffd, 0xffe, 0xfff, 0x1000])
    #expect(bytes.map(\.1) == [0x44, 0x33, 0x22, 0x11])
    // KVM parts the access at the page, and may part the pieces further.
    #expect(memory.records.count >= 2)
    #expect(guest.tally(1, isWrite: true).exits == UInt64(memory.records.count))
  }

  @Test func `eight bytes travel in one exit each way`() throws {
    let guest = try longGuest(
      [
        0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // mov rax, 0x1122334455667788
        0x48, 0xa3, 0x08, 0x00, 0x00, 0xd0, 0x00, 0x00, 0x00, 0x00,  // mov [0xd0000008], rax
        0x48, 0xa1, 0x00, 0x00, 0x00, 0xd0, 0x00, 0x00, 0x00, 0x00,  // mov rax, [0xd0000000]
        0x48, 0xa3, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // mov [0x3000], rax
        0xe6, 0xf4,  // out 0xf4, al
      ], pages: [0, 0xd000_0000])
    let memory = device(.memory, base: 0xd000_0000, count: 16)
    memory.answer = { _ in 0x8899_aabb_ccdd_eeff }
    #expect(try guest.run(memory) == .exited(status: 0xff))
    #expect(
      memory.records == [
        .init(offset: 8, size: 8, value: 0x1122_3344_5566_7788), .init(offset: 0, size: 8, value: nil),
      ])
    #expect(guest.word(UInt64.self, at: 0x3000) == 0x8899_aabb_ccdd_eeff)
  }

  @Test func `RAM goes on at 4 GiB, up to its end and no further`() throws {
    var configuration = MachineConfiguration()
    configuration.memory = 3 << 30 + 64 << 20
    let guest = try longGuest(
      [
        0x48, 0xb8, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // mov rax, 0x1122334455667788
        0x48, 0xa3, 0xf8, 0xff, 0xff, 0xbf, 0x00, 0x00, 0x00, 0x00,  // mov [0xbffffff8], rax
        0x48, 0xff, 0xc0,  // inc rax
        0x48, 0xa3, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,  // mov [0x100000000], rax
        0x48, 0xff, 0xc0,  // inc rax
        0x48, 0xa3, 0xf8, 0xff, 0xff, 0x03, 0x01, 0x00, 0x00, 0x00,  // mov [0x103fffff8], rax
        0x48, 0xa1, 0x00, 0x10, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,  // mov rax, [0x100001000]
        0x48, 0xa3, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // mov [0x3000], rax
        0x48, 0xa1, 0x00, 0x00, 0x00, 0x04, 0x01, 0x00, 0x00, 0x00,  // mov rax, [0x104000000]
        0x48, 0xa3, 0x08, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // mov [0x3008], rax
        0xe6, 0xf4,  // out 0xf4, al
      ], pages: [0, 0xbfe0_0000, 0x1_0000_0000, 0x1_03e0_0000, 0x1_0400_0000], configuration)
    guest.machine.memory.view(at: 0x1_0000_1000, count: 8)!.store(0x0123_4567_89ab_cdef as UInt64, at: 0)
    #expect(try guest.run([guest.debugExit()]) == .exited(status: 0xff))
    #expect(guest.word(UInt64.self, at: 0xbfff_fff8) == 0x1122_3344_5566_7788)
    #expect(guest.word(UInt64.self, at: 0x1_0000_0000) == 0x1122_3344_5566_7789)
    #expect(guest.word(UInt64.self, at: 0x1_03ff_fff8) == 0x1122_3344_5566_778a)
    #expect(guest.word(UInt64.self, at: 0x3000) == 0x0123_4567_89ab_cdef)
    #expect(guest.word(UInt64.self, at: 0x3008) == .max)
    #expect(
      guest.machine.ledgers[0].unclaimedLines.map(\.address).filter { $0.address != nil }
        == [UnclaimedAddress(space: .memory, address: 0x1_0400_0000)])
  }

  /// A guest in 64-bit mode with `pages` of 2 MiB mapped one to one.
  private func longGuest(
    _ code: [UInt8], pages: [UInt64], _ configuration: MachineConfiguration = MachineConfiguration()
  ) throws -> FlatGuest {
    let guest = try FlatGuest(code, mode: .long, configuration: configuration, pageTables: 0x10000)
    mapOneToOne(pages, in: guest.machine.memory, tables: 0x10000)
    return guest
  }
}
