import PCI
import Testing
import VMM

@testable import E1000

@Suite("Hostile drivers")
struct HostileTests {
  let rig = Rig()

  @Test(
    "a transmit ring that makes no sense sends nothing and is said",
    arguments: [
      (["TDT": 8], "TDT = 8 lies beyond the ring of 8 descriptors"),
      (["TDT": 0xffff], "TDT = 65535 lies beyond the ring of 8 descriptors"),
      (["TDH": 9, "TDT": 1], "TDH = 9 lies beyond the ring of 8 descriptors"),
      (["TDLEN": 0, "TDT": 1], "TDLEN is 0: no ring"),
      (["TDBAH": 1, "TDT": 1], "TDBA = 0x100010000: the ring of 128 bytes is not in RAM"),
      (["TDBAL": 0x1f_ffc0, "TDT": 1], "TDBA = 0x1fffc0: the ring of 128 bytes is not in RAM"),
      (["TDBAL": 0xfebc_0000, "TDT": 1], "TDBA = 0xfebc0000: the ring of 128 bytes is not in RAM"),
      (
        ["TDBAL": 0xffff_fff0, "TDBAH": 0xffff_ffff, "TDT": 1],
        "TDBA = 0xfffffffffffffff0: the ring of 128 bytes is not in RAM"
      ),
    ] as [(KeyValuePairs<String, UInt32>, String)])
  func transmitRing(writes: KeyValuePairs<String, UInt32>, fault: String) {
    rig.startTransmitter()
    for index in 0..<8 { rig.queue(makeFrame(index), index) }
    let head = writes.first { $0.key == "TDH" }?.value ?? 0
    for (name, value) in writes { rig[name] = value }
    #expect(rig.backend.sent.isEmpty && rig["TDH"] == head && rig["ICR"] == 0)
    #expect(rig.faults == [fault])
    rig.expectUsable()
  }

  @Test(
    "a receive ring that makes no sense receives nothing, and is said to the one who wrote it",
    arguments: [
      (["RDT": 8], "RDT = 8 lies beyond the ring of 8 descriptors"),
      (["RDH": 100, "RDT": 1], "RDH = 100 lies beyond the ring of 8 descriptors"),
      (["RDLEN": 0, "RDT": 1], "RDLEN is 0: no ring"),
      (["RDBAH": 7, "RDT": 1], "RDBA = 0x700020000: the ring of 128 bytes is not in RAM"),
    ] as [(KeyValuePairs<String, UInt32>, String)])
  func receiveRing(writes: KeyValuePairs<String, UInt32>, fault: String) {
    rig.startReceiver(given: 0)
    for (name, value) in writes { rig[name] = value }
    rig.backend.waiting = [makeFrame(1)]
    for _ in 0..<5 { rig.nic.poll() }
    #expect(rig.waitingCount == 1 && rig["ICR"] == 0)
    #expect(rig.faults == [fault], "polling says nothing")
    rig.expectUsable()
  }

  @Test("lengths that are no multiple of 128 or too large are cut and said", arguments: ["TDLEN", "RDLEN"])
  func ringLength(name: String) {
    for value: UInt32 in [1, 127, 129, 0x10_0000, 0xffff_ffff] {
      rig[name] = value
      #expect(rig[name] == value & 0xf_ff80)
    }
    #expect(rig.faults.count == 5)
    #expect(rig.faults[0] == "\(name) = 0x1 is no multiple of 128 below 1 MiB; 0x0 is used")
    rig.expectUsable()
  }

  @Test(
    "a transmit buffer that is not all in RAM loses its frame and no other",
    arguments: [0x20_0000, 0x1f_ffff, 0xfebc_0000, 0xffff_ffff_ffff_ffff, 0x8000_0000_0000_0000] as [UInt64])
  func transmitBuffer(address: UInt64) {
    rig.startTransmitter()
    rig.queue(makeFrame(1), 0)
    rig.describe(1, address: address, length: 60)
    rig.queue([UInt8](makeFrame(2)[..<30]), 2, command: 0)
    rig.describe(3, address: address, length: 30, command: 0)
    rig.queue([UInt8](makeFrame(2)[30...]), 4)
    rig.queue(makeFrame(3), 5)
    rig["TDT"] = 6
    #expect(rig.backend.sent == [makeFrame(1), makeFrame(3)])
    #expect((0..<6).filter(rig.isDone) == [0, 1, 4, 5])
    #expect(rig.nic.counters.packets?.dropped == 2 && rig.faults.count == 2)
    #expect(rig.nic.counters.packets?.transmitted == 2)
  }

  @Test("frames without an end are counted once and cost no more than their descriptors")
  func endless() {
    rig.startTransmitter(count: 1024)
    for index in 0..<1024 {
      rig.describe(index, address: Rig.transmitBuffers, length: 0xffff, command: Rig.rs)
    }
    for round in 0..<10 { rig["TDT"] = UInt32(round % 2 == 0 ? 1023 : 1022) }
    #expect(rig.backend.sent.isEmpty && rig.nic.counters.packets?.dropped == 1)
    #expect(rig.faults == ["frame of more than 16288 bytes dropped"])
    let end = Int(rig["TDH"])
    rig.describe(end, address: 0, length: 0)
    rig.put(makeFrame(1), at: Rig.transmitBuffers)
    rig.describe((end + 1) % 1024, address: Rig.transmitBuffers, length: 60)
    rig["TDT"] = UInt32((end + 2) % 1024)
    #expect(rig.backend.sent == [makeFrame(1)], "its end ends it")
    rig.expectUsable()
  }

  @Test("the longest frame goes out, one byte more does not", arguments: [1, 2, 3])
  func longest(pieces: Int) {
    rig.startTransmitter(count: 16)
    var index = 0
    for total in [16288, 16289] {
      for piece in 0..<pieces {
        let length = total * (piece + 1) / pieces - total * piece / pieces
        let command: UInt8 = piece == pieces - 1 ? Rig.whole : 0
        rig.describe(index, address: Rig.transmitBuffers, length: length, command: command)
        index += 1
      }
    }
    rig["TDT"] = UInt32(index)
    #expect(rig.backend.sent.map(\.count) == [16288])
    #expect(rig.nic.counters.packets?.dropped == 1 && rig.faults.count == 1)
  }

  @Test("extended descriptors of a reserved type lose their frame")
  func reservedType() {
    rig.startTransmitter()
    for type in 2..<7 {
      rig.describe(type - 2, address: Rig.transmitBuffers, length: 60 | type << 20, command: Rig.whole | 0x20)
    }
    rig["TDT"] = 5
    #expect(rig.backend.sent.isEmpty && rig.nic.counters.packets?.dropped == 5)
    #expect(rig["TDH"] == 5 && (0..<5).allSatisfy(rig.isDone))
  }

  @Test("a ring moved while it runs is used where it now is")
  func movedRing() {
    rig.startTransmitter()
    rig.queue(makeFrame(1), 0)
    rig["TDT"] = 1
    rig["TDBAL"] = UInt32(Rig.transmitRing) + 0x1000
    let second = Rig.transmitRing + 0x1000 + 16
    rig.put(makeFrame(2), at: Rig.transmitBuffers + 0x4000)
    rig.store(Rig.transmitBuffers + 0x4000, at: second)
    rig.store(60 as UInt64 | UInt64(Rig.whole) << 24, at: second + 8)
    rig["TDT"] = 2
    #expect(rig.backend.sent == [makeFrame(1), makeFrame(2)])
    #expect(rig.load(UInt8.self, at: second + 12) == 1)
  }

  @Test("a frame that overwrites its own ring or descriptors harms nobody but the guest")
  func overlappingRings() {
    rig.backend.reflects = true
    rig.startTransmitter()
    for index in 0..<8 { rig.describe(index, address: Rig.transmitRing, length: 128) }
    rig.startReceiver(control: Rig.plainReception | 0x18)
    for index in 0..<8 { rig.store(Rig.receiveRing, at: Rig.receiveRing + UInt64(index * 16)) }
    for tail in [7, 6, 5, 4] { rig["TDT"] = UInt32(tail) }
    rig["RDT"] = 3
    #expect(rig["TDH"] == 4 && rig["RDH"] < 8)
    rig.expectUsable()
  }

  @Test("null receive buffers and buffers outside RAM are passed over")
  func nullReceiveBuffers() {
    rig.startReceiver()
    rig.store(0 as UInt64, at: Rig.receiveRing)
    rig.store(0x1f_fff0 as UInt64, at: Rig.receiveRing + 16)
    rig.store(0xa0 as UInt8, at: Rig.receiveRing + 12)
    rig.store(~0 as UInt64, at: Rig.receiveRing + 48)
    rig.backend.waiting = [makeFrame(1), makeFrame(2)]
    rig.nic.poll()
    #expect(rig.load(UInt8.self, at: Rig.receiveRing + 12) == 0xa1, "DD and nothing else")
    #expect(rig.load(UInt8.self, at: Rig.receiveRing + 28) == 1)
    #expect(rig.received(2).bytes == makeFrame(1) && rig.received(4).bytes == makeFrame(2))
    #expect(rig["RDH"] == 5 && rig.faults.count == 2)
  }

  @Test("a ring of null receive buffers takes nothing and leaves the frame waiting")
  func onlyNullReceiveBuffers() {
    rig.startReceiver()
    for index in 0..<8 { rig.store(0 as UInt64, at: Rig.receiveRing + UInt64(index * 16)) }
    rig.backend.waiting = [makeFrame(1)]
    for _ in 0..<3 { rig.nic.poll() }
    #expect(rig["RDH"] == 7 && rig.waitingCount == 1 && rig["RNBC"] == 1)
    rig["RCTL"] = 0
    rig.startReceiver()
    #expect(rig.received(0).bytes == makeFrame(1))
  }

  @Test("a null buffer in the middle of a frame is passed over")
  func nullInTheMiddle() {
    rig.startReceiver(control: Rig.plainReception | 3 << 16, size: 256)
    rig.store(0 as UInt64, at: Rig.receiveRing + 16)
    rig.backend.waiting = [makeFrame(1, count: 500)]
    rig.nic.poll()
    #expect(rig.received(0).bytes + rig.received(2).bytes == makeFrame(1, count: 500))
    #expect(rig.received(1).length == 0 && rig["RDH"] == 3)
  }

  @Test(
    "frames that a ring of bad buffers refuses one by one cost two looks at each descriptor, not one a frame")
  func refusedFrames() {
    let count = 64
    rig.startReceiver(count: count, given: count - 1, control: Rig.plainReception | 3 << 16, size: 256)
    // Each look at a descriptor but the first is a fault, and each frame wants two of them.
    for index in 1..<count { rig.store(~0 as UInt64, at: Rig.receiveRing + UInt64(16 * index)) }
    rig.backend.waiting = (0..<200).map { makeFrame($0, count: 300) }
    rig.nic.poll()
    #expect(UInt64(rig.faults.count) + rig.nic.faults.more <= UInt64(2 * count))
    #expect(rig.backend.waiting.count > 0)
  }

  @Test("without bus mastering no descriptor is touched")
  func noBusMaster() {
    let host = PCIHost()
    host.attach(rig.nic, at: 3)
    host.write(Access(offset: 0, size: 4), 0x8000_1804)
    host.write(Access(offset: 4, size: 2), 2)
    rig.startTransmitter()
    rig.queue(makeFrame(1), 0)
    rig["TDT"] = 1
    rig.startReceiver()
    rig.backend.waiting = [makeFrame(2)]
    rig.nic.poll()
    #expect(rig.backend.sent.isEmpty && !rig.isDone(0) && rig["RDH"] == 0)
    #expect(rig.faults.allSatisfy { $0.hasPrefix("bus mastering is off") } && rig.faults.count == 2)
    host.write(Access(offset: 4, size: 2), 6)
    rig["TCTL"] = 2
    #expect(rig.backend.sent.count == 1 && rig["RDH"] == 1)
  }

  @Test("faults without end fill no memory")
  func faultFlood() {
    rig.startTransmitter()
    for _ in 0..<10_000 { rig["TDT"] = 9 }
    #expect(rig.faults.count == FaultLog.capacity)
    #expect(rig.nic.faults.more == 10_000 - UInt64(FaultLog.capacity))
  }
}
