import TestSupport
import Testing

@testable import VMM

/// The run loop on real KVM, driven by a few bytes of machine code.
@Suite(.requiresKVM) struct RunLoopTests {
  /// `out 0xf4, al` ends the run with AL.
  private func debugExit(_ machine: Machine) -> RecordingDevice {
    let device = RecordingDevice(
      name: "debug-exit", windows: [Window(.port, base: 0xf4, count: 1, registers: RegisterMap([]))])
    device.onWrite = { machine.control.stop(.exited(status: UInt8(truncatingIfNeeded: $0.value ?? 0))) }
    return device
  }

  private func ports(_ base: UInt64, _ count: UInt64, coalesced: Range<Int>? = nil) -> RecordingDevice {
    RecordingDevice(
      name: "ports",
      windows: [
        Window(
          .port, base: base, count: count, registers: RegisterMap([Register("DATA", at: 0, count: 1)]),
          coalesced: coalesced)
      ])
  }

  @Test func `each OUT is one exit, one access and one line`() throws {
    let guest = try FlatGuest([
      0xba, 0xf0, 0x05,  // mov dx, 0x5f0
      0xb9, 0xe8, 0x03,  // mov cx, 1000
      0x88, 0xc8,  // mov al, cl
      0xee,  // out dx, al
      0xe2, 0xfb,  // loop
      0xb0, 0x07, 0xe6, 0xf4,  // mov al, 7; out 0xf4, al
    ])
    let device = ports(0x5f0, 8)
    let outcome = try guest.run([device, debugExit(guest.machine)])
    #expect(outcome == .exited(status: 7))
    #expect(device.records.count == 1000)
    #expect(device.records.first == .init(offset: 0, size: 1, value: 1000 & 0xff))
    let ledger = guest.machine.ledgers[0]
    let section = ledger.layout.sections[0]
    #expect(ledger.tally(ofLine: section.firstLine + 2 + 1).exits == 1000)
    #expect(ledger.tally(ofLine: section.firstLine + 2).exits == 0)
  }

  @Test func `the guest reads what the device answers`() throws {
    let guest = try FlatGuest([
      0xba, 0xf2, 0x05,  // mov dx, 0x5f2
      0x66, 0xed,  // in eax, dx
      0x66, 0xc1, 0xe8, 0x18,  // shr eax, 24
      0xe6, 0xf4,  // out 0xf4, al
    ])
    let device = ports(0x5f0, 8)
    device.answer = { $0.offset == 2 && $0.size == 4 ? 0x0512_3456 : 0 }
    #expect(try guest.run([device, debugExit(guest.machine)]) == .exited(status: 5))
  }
}
