import TestSupport
import Testing

@testable import VMM

/// The ring in which KVM keeps writes, on a page that the test fills.
@Suite struct CoalescedRingTests {
  private func device() -> RecordingDevice {
    let map = RegisterMap([Register("R", at: 0, count: 16)])
    return RecordingDevice(
      name: "d",
      windows: [
        Window(.memory, base: 0xd000_0000, count: 16, registers: map, coalesced: [0..<16]),
        Window(.port, base: 0x500, count: 16, registers: map, coalesced: [0..<16]),
      ])
  }

  @Test func `every write kept arrives once, in order, and whole, however often the ring turns`() throws {
    let device = device()
    let kernel = try FakeKernel([device])
    var random = SplitMix64(seed: 1)
    var expected: [RecordingDevice.Record] = []
    for _ in 0..<200 {
      for _ in 0..<Int.random(in: 0...200, using: &random) {
        let isPort = Bool.random(using: &random)
        let size = (isPort ? [1, 2, 4] : [1, 2, 4, 8]).randomElement(using: &random)!
        let offset = Int.random(in: 0..<16, using: &random)
        let value: UInt64 = random.next()
        guard
          kernel.coalesce(
            isPort ? .port : .memory, (isPort ? 0x500 : 0xd000_0000) + UInt64(offset), size: size, value)
        else { break }
        expected.append(
          .init(
            window: isPort ? 1 : 0, offset: offset, size: size,
            value: value & Access(offset: 0, size: size).ones))
      }
      kernel.drain()
      #expect(kernel.ringIsEmpty)
    }
    #expect(device.records == expected)
    let lines = kernel.bus.layout.sections.map { kernel.ledger.tally(ofLine: $0.firstLine + 2 + 1) }
    #expect(lines.reduce(0) { $0 + $1.coalesced } == UInt64(expected.count))
    #expect(lines.allSatisfy { $0.exits == 0 })
  }

  @Test func `a full ring holds all its places but one`() throws {
    let device = device()
    let kernel = try FakeKernel([device])
    var kept = 0
    while kernel.coalesce(.port, 0x500, size: 1, UInt64(kept)) { kept += 1 }
    #expect(kept == 169)
    kernel.drain()
    #expect(device.records.map(\.value) == (0..<169).map { UInt64($0) })
    kernel.drain()
    #expect(device.records.count == 169)
  }

  @Test func `what the device's own write adds waits for the next exit`() throws {
    let device = device()
    let kernel = try FakeKernel([device])
    device.onWrite = { record in
      if record.value == 1 { #expect(kernel.coalesce(.port, 0x501, size: 1, 2)) }
    }
    #expect(kernel.coalesce(.port, 0x500, size: 1, 1))
    kernel.drain()
    #expect(device.records.map(\.offset) == [0])
    kernel.drain()
    #expect(device.records.map(\.offset) == [0, 1])
  }

  @Test func `a write to nobody is counted where it went`() throws {
    let kernel = try FakeKernel([])
    #expect(kernel.coalesce(.memory, 0xd000_0008, size: 4, 1))
    kernel.drain()
    let line = kernel.ledger.unclaimedLine(.memory, 0xd000_0008)
    #expect(kernel.ledger.tally(ofLine: line + 1).coalesced == 1)
  }
}
