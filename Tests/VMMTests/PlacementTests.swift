import KVM
import TestSupport
import Testing

@testable import VMM

/// Windows that move on a real machine, with what KVM was told of them.
@Suite(.requiresKVM) struct PlacementTests {
  /// Writes EAX to [0xd0000004], moves the window by a write to port 0x600, writes to the old place and to [0xd0001004].
  private static let code: [UInt8] = [
    0xb8, 0x11, 0x00, 0x00, 0x00,  // mov eax, 0x11
    0xa3, 0x04, 0x00, 0x00, 0xd0,  // mov [0xd0000004], eax
    0x66, 0xba, 0x00, 0x06, 0xee,  // mov dx, 0x600; out dx, al
    0xb0, 0x22,  // mov al, 0x22
    0xa3, 0x04, 0x00, 0x00, 0xd0,  // mov [0xd0000004], eax
    0xb0, 0x33,  // mov al, 0x33
    0xa3, 0x04, 0x10, 0x00, 0xd0,  // mov [0xd0001004], eax
    0xb0, 0x00, 0xe6, 0xf4,  // mov al, 0; out 0xf4, al
  ]

  private func run(
    coalesced: [Range<Int>] = [], doorbells: [Doorbell] = [], to base: UInt64 = 0xd000_1000
  ) throws -> (records: [UInt64?], mover: RecordingDevice, guest: FlatGuest) {
    let names = RegisterMap([Register("DATA", at: 0, count: 16)])
    let moving = RecordingDevice(
      name: "moving",
      windows: [
        Window(
          .memory, base: 0xd000_0000, count: 16, registers: names, coalesced: coalesced, doorbells: doorbells,
          isMovable: true)
      ])
    let mover = RecordingDevice(
      name: "mover", windows: [Window(.port, base: 0x600, count: 1, registers: names)])
    let guest = try FlatGuest(Self.code, mode: .protected)
    mover.onWrite = { [machine = guest.machine] _ in
      for line in machine.placer.place(0, of: moving, at: base) { mover.fault(line) }
    }
    #expect(try guest.run([moving, mover, guest.debugExit()]) == .exited(status: 0))
    mover.onWrite = { _ in }
    return (moving.records.map(\.value), mover, guest)
  }

  @Test func `a moved window answers at the new place and not at the old`() throws {
    let (records, mover, guest) = try run()
    #expect(records == [0x11, 0x33])
    #expect(mover.faults.lines == [])
    let unclaimed = guest.machine.ledgers[0].unclaimedLines.first { $0.address.address == 0xd000_0004 }
    #expect(unclaimed != nil)
    #expect(guest.machine.strays == [.memory])
  }

  @Test(.requires(.coalescedMMIO)) func `writes wait in the ring at the new place and no longer at the old`()
    throws
  {
    let (records, mover, guest) = try run(coalesced: [4..<8])
    #expect(records == [0x11, 0x33])
    #expect(mover.faults.lines == [])
    let ledger = guest.machine.ledgers[0]
    let tally = ledger.tally(ofLine: ledger.layout.sections[0].firstLine + 3)
    #expect(tally.coalesced == 2)
    #expect(tally.exits == 0)
  }

  @Test(.requires(.ioEventFD)) func `a doorbell rings at the new place and no longer at the old`() throws {
    let bell = try Doorbell(at: 4)
    let (records, mover, _) = try run(doorbells: [bell])
    #expect(records == [])
    #expect(mover.faults.lines == [])
    #expect(bell.total() == 2)
  }

  @Test(
    arguments: [
      (0, "RAM"), (0x3ff_fff8, "RAM"), (0xfee0_0ff8, "lapic"), (0xfec0_0000, "ioapic"),
      (0xfffb_c000, "KVM's pages"),
    ] as [(UInt64, String)])
  func `over RAM and KVM's own devices it answers nowhere, which is said`(base: UInt64, owner: String) throws
  {
    let (records, mover, _) = try run(coalesced: [0..<4], doorbells: [try Doorbell(at: 8)], to: base)
    #expect(records == [0x11])
    #expect(mover.faults.lines == ["moving at \(hex(base)) lies over \(owner): it answers nowhere"])
  }
}
