import KVM
import TestSupport

@testable import VMM

// What the guests of these tests share. Each is a few bytes of machine code with its assembly beside it.

extension FlatGuest {
  /// `out 0xf4, al` ends the run with AL.
  func debugExit() -> RecordingDevice {
    let control = machine.control
    let device = RecordingDevice(
      name: "debug-exit", windows: [Window(.port, base: 0xf4, count: 1, registers: RegisterMap([]))])
    device.onWrite = { control.stop(.exited(status: UInt8(truncatingIfNeeded: $0.value ?? 0))) }
    return device
  }

  /// Runs with one device beside the debug exit.
  func run(_ device: RecordingDevice, limit: Duration = .seconds(20)) throws -> Outcome {
    try run([device, debugExit()], limit: limit)
  }

  /// What the guest left at an address of its RAM.
  func word<T: GuestInteger>(_ type: T.Type = T.self, at address: UInt64) -> T {
    machine.memory.view(at: address, count: MemoryLayout<T>.size)!.load(at: 0)
  }

  func load(_ bytes: [UInt8], at address: UInt64) {
    machine.memory.view(at: address, count: bytes.count)!.copy(from: bytes)
  }

  /// Lets the real-mode interrupt table lead a vector to an offset in segment 0 (Intel SDM vol. 3, 21.1.4).
  func setVector(_ vector: UInt8, to offset: UInt16) {
    machine.memory.view(at: UInt64(vector) * 4, count: 4)!.store(UInt32(offset), at: 0)
  }

  /// The first vCPU's reads or writes of register `number` of the device that comes first.
  func tally(_ number: Int, isWrite: Bool) -> Tally {
    let ledger = machine.ledgers[0]
    return ledger.tally(ofLine: ledger.layout.sections[0].firstLine + 2 * number + (isWrite ? 1 : 0))
  }

  func exits(_ reason: ExitReason, vcpu: Int = 0) -> UInt64 {
    machine.ledgers[vcpu].tally(ofLine: reason.line).exits
  }
}

/// A device with one register over all of its window.
func device(
  _ space: Window.Space, base: UInt64, count: UInt64 = 8, coalesced: [Range<Int>] = [],
  doorbells: [Doorbell] = []
) -> RecordingDevice {
  let registers = RegisterMap([Register("DATA", at: 0, count: Int(count))])
  return RecordingDevice(
    name: "device",
    windows: [
      Window(
        space, base: base, count: count, registers: registers, coalesced: coalesced, doorbells: doorbells)
    ])
}

/// Puts page tables at `tables` that map each 2 MiB page of `pages` to itself, writable, and no other
/// (Intel SDM vol. 3, 4.5.4).
func mapOneToOne(_ pages: [UInt64], in memory: GuestMemory, tables: UInt64) {
  let present: UInt64 = 0b11  // and writable
  var next = tables + 0x2000
  var directories: [UInt64: UInt64] = [:]
  func store(_ entry: UInt64, _ table: UInt64, _ index: UInt64) {
    memory.view(at: table + index * 8, count: 8)!.store(entry, at: 0)
  }
  store(tables + 0x1000 | present, tables, 0)
  for page in pages {
    let index = page >> 30
    if directories[index] == nil {
      directories[index] = next
      store(next | present, tables + 0x1000, index)
      next += 0x1000
    }
    store(page | 1 << 7 | present, directories[index]!, page >> 21 & 0x1ff)
  }
}
