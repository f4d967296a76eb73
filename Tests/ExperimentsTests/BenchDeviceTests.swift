import Testing
import VMM

@testable import Experiments

struct BenchDeviceTests {
  private final class Seen {
    var renewed = 0
    var requests: [GuestAddress] = []
  }

  private func device(_ part: BenchDevice.Part?, _ seen: Seen) throws -> BenchDevice {
    try BenchDevice(
      part, marks: MarkLog(), renew: { seen.renewed += 1 }, request: { seen.requests.append($0) })
  }

  @Test func `the guest's controls do what docs/bench.md says`() throws {
    let seen = Seen()
    let device = try device(nil, seen)
    let port = device.windows[0]
    #expect(port.base == 0x600)
    for (offset, size, value) in [
      (0, 1, 1), (0, 1, 0), (0, 1, 2), (0, 1, 0), (1, 1, 0), (4, 4, 0x20_0000), (8, 4, 0x1234),
    ] {
      device.write(Access(offset: offset, size: size), UInt64(value))
    }
    #expect(device.marks.baselines.count == 1)
    #expect(device.marks.operations.count == 1)
    #expect(seen.renewed == 1)
    #expect(device.samples == 0x20_0000)
    #expect(seen.requests == [0x1234])
    // Nothing of it is in memory.
    device.write(Access(window: 1, offset: 1, size: 4), 0)
    #expect(seen.renewed == 1)
  }

  @Test func `it has the registers that its row wants, and no others that KVM handles`() throws {
    let parts: [(BenchDevice.Part?, coalesced: [Bool], doorbells: [Int])] = [
      (nil, [false, false], [0, 0]), (.doorbellPort, [false, false], [1, 0]),
      (.doorbellMemory, [false, false], [0, 1]), (.coalescedPort, [true, false], [0, 0]),
      (.coalescedMemory, [false, true], [0, 0]),
    ]
    for (part, coalesced, doorbells) in parts {
      let device = try device(part, Seen())
      #expect(device.windows.map { !$0.coalesced.isEmpty } == coalesced)
      #expect(device.windows.map(\.doorbells.count) == doorbells)
      #expect((device.doorbell != nil) == (doorbells != [0, 0]))
    }
  }

  @Test func `its places are those that the rows name`() throws {
    let device = try device(.doorbellPort, Seen())
    #expect(device.windows[0].base + UInt64(device.doorbell!.offset) == BenchDevice.doorbellPort)
    let inMemory = try self.device(.doorbellMemory, Seen())
    #expect(inMemory.windows[1].base + UInt64(inMemory.doorbell!.offset) == BenchDevice.doorbellAddress)
    let coalesced = try self.device(.coalescedPort, Seen()).windows[0]
    #expect(coalesced.base + UInt64(coalesced.coalesced[0].lowerBound) == BenchDevice.coalescedPort)
    let register = coalesced.registers.number(at: UInt64(coalesced.coalesced[0].lowerBound))
    #expect(coalesced.registers.registers[register].name == BenchDevice.coalescedName)
  }
}
