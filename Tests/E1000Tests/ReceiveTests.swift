import Testing
import VMM

@testable import E1000

@Suite("Reception")
struct ReceiveTests {
  let rig = Rig()

  @Test("a waiting frame is written to the first buffer and its descriptor")
  func oneFrame() {
    rig.startReceiver()
    rig.backend.waiting = [makeFrame(1, count: 100)]
    rig.nic.poll()
    #expect(
      rig.received(0)
        == .init(length: 100, status: Rig.doneAndEnd, errors: 0, bytes: makeFrame(1, count: 100)))
    #expect(rig["RDH"] == 1 && rig["ICR"] == Cause.rxt0)
    #expect(rig.nic.counters.packets?.received == 1 && rig.faults.isEmpty)
  }

  @Test("a buffer at the end of RAM holds what it has room for, and is refused for more")
  func endOfMemory() {
    rig.startReceiver()
    let end = UInt64(2 << 20)
    rig.store(end - 100, at: Rig.receiveRing)
    rig.store(end - 99, at: Rig.receiveRing + 16)
    let frame = makeFrame(1, count: 100)
    rig.backend.waiting = [frame, frame]
    rig.nic.poll()
    #expect(rig.memory.view(at: end - 100, count: 100)!.bytes == frame)
    #expect(rig.received(2).bytes == frame, "the second buffer is a byte too short")
    #expect(rig.faults == ["receive buffer at 0x1fff9d, 100 bytes, is not in RAM"])
  }

  @Test("frames move when the guest sends, makes room, or turns reception on")
  func moments() {
    rig.backend.reflects = true
    rig.startTransmitter()
    rig.startReceiver(given: 1)
    rig.queue(makeFrame(1), 0)
    rig.queue(makeFrame(2), 1)
    rig["TDT"] = 2
    #expect(rig["RDH"] == 1 && rig.received(0).bytes == makeFrame(1))
    rig["RDT"] = 3
    #expect(rig["RDH"] == 2 && rig.received(1).bytes == makeFrame(2))
    rig["RCTL"] = 0
    rig.queue(makeFrame(3), 2)
    rig["TDT"] = 3
    #expect(rig["RDH"] == 2 && rig.waitingCount == 1)
    rig["RCTL"] = Rig.plainReception
    #expect(rig["RDH"] == 3 && rig.received(2).bytes == makeFrame(3))
  }

  @Test("from every head, any number of descriptors takes as many frames in order, and the rest waits")
  func wrapAround() {
    for head in 0..<8 {
      for given in 0..<8 {
        let rig = Rig()
        rig.startReceiver(at: head, given: given)
        rig.backend.waiting = (0..<9).map { makeFrame($0) }
        rig.nic.poll()
        for index in 0..<given {
          #expect(rig.received((head + index) % 8).bytes == makeFrame(index))
        }
        #expect(rig["RDH"] == UInt32((head + given) % 8))
        #expect(rig.waitingCount == 9 - given)
        rig.nic.poll()
        #expect(rig["RNBC"] == 1, "a frame that waits is counted once")
        #expect(rig["MPC"] == 0 && rig.nic.counters.packets?.dropped == 0)
        rig["RDT"] = UInt32((head + given + 1) % 8)
        #expect(rig.received((head + given) % 8).bytes == makeFrame(given), "the next in order is next")
      }
    }
  }

  @Test("a frame fills as many buffers as it needs, at every place where the ring can wrap")
  func severalBuffers() {
    let frame = makeFrame(7, count: 1500)
    for head in 0..<8 {
      let rig = Rig()
      // BSIZE = 11: 256 bytes.
      rig.startReceiver(at: head, control: Rig.plainReception | 3 << 16, size: 256)
      rig.backend.waiting = [frame]
      rig.nic.poll()
      let parts = (0..<6).map { rig.received((head + $0) % 8) }
      #expect(parts.flatMap(\.bytes) == frame)
      #expect(parts.map(\.length) == [256, 256, 256, 256, 256, 220])
      #expect(parts.map(\.status) == Array(repeating: Rig.done, count: 5) + [Rig.doneAndEnd])
      #expect(rig["RDH"] == UInt32((head + 6) % 8) && rig["GPRC"] == 1)
    }
  }

  @Test(
    "RCTL.BSIZE and BSEX choose the size of the buffers",
    arguments: [
      (0, 2048), (1 << 16, 1024), (2 << 16, 512), (3 << 16, 256),
      (1 << 25 | 1 << 16, 16384), (1 << 25 | 2 << 16, 8192), (1 << 25 | 3 << 16, 4096),
    ] as [(UInt32, Int)])
  func bufferSizes(bits: UInt32, size: Int) {
    let frame = makeFrame(1, count: 16380)
    rig.startReceiver(count: 128, given: 127, control: Rig.plainReception | 1 << 5 | bits, size: size)
    rig.backend.waiting = [frame]
    rig.nic.poll()
    let used = (frame.count + size - 1) / size
    #expect(rig["RDH"] == UInt32(used))
    #expect((0..<used).flatMap { rig.received($0).bytes } == frame)
  }

  @Test("short frames are padded, and the check sequence follows unless it is stripped")
  func checkSequence() {
    rig.startReceiver(control: Rig.plainReception & ~(1 << 26) | 3 << 16, size: 256)
    for (count, stored) in [(9, 64), (60, 64), (252, 256), (254, 258), (300, 304)] {
      rig.backend.waiting = [makeFrame(1, count: count, to: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]
      let expected = rig.backend.waiting[0] + [UInt8](repeating: 0, count: max(0, 60 - count))
      let first = Int(rig["RDH"])
      rig.nic.poll()
      let used = stored > 256 ? 2 : 1
      let bytes = (0..<used).flatMap { rig.received((first + $0) % 8).bytes }
      #expect(bytes.count == stored)
      #expect([UInt8](bytes.dropLast(4)) == expected)
      #expect([UInt8](bytes.suffix(4)) == crc(expected))
      rig["RDT"] = UInt32((first + used + 6) % 8)
    }
    #expect(crc([UInt8]("123456789".utf8)) == [0x26, 0x39, 0xf4, 0xcb])
  }

  /// Bit by bit, as the polynomial is written down.
  private func crc(_ bytes: [UInt8]) -> [UInt8] {
    var register: UInt32 = ~0
    for byte in bytes {
      for bit in 0..<8 {
        let isSet = (register ^ UInt32(byte >> bit)) & 1 != 0
        register = register >> 1 ^ (isSet ? 0xedb8_8320 : 0)
      }
    }
    return (0..<4).map { UInt8(truncatingIfNeeded: ~register >> UInt32(8 * $0)) }
  }

  @Test("frames longer than RCTL.LPE allows are dropped and counted")
  func longFrames() {
    rig.startReceiver()
    rig.backend.waiting = [makeFrame(1, count: 1518), makeFrame(2, count: 1519), makeFrame(3)]
    rig.nic.poll()
    #expect(rig["RDH"] == 2 && rig["ROC"] == 1 && rig["RLEC"] == 1)
    #expect(rig.backend.refused == 1 && rig.nic.counters.packets?.dropped == 1)
    rig["RCTL"] = Rig.plainReception | 1 << 5
    rig.backend.waiting = [makeFrame(1, count: 5000), makeFrame(2, count: 16381)]
    rig.nic.poll()
    #expect(rig["RDH"] == 5 && rig["ROC"] == 1)
    #expect(rig.faults.count == 2)
  }

  @Test("RXDMT0 comes once when the free descriptors fall to the threshold", arguments: [0, 1, 2])
  func minimumThreshold(share: Int) {
    rig.startReceiver(count: 16, given: 15, control: Rig.plainReception | UInt32(share) << 8)
    let threshold = 16 >> (share + 1)
    for received in 1...15 {
      rig.backend.waiting = [makeFrame(received)]
      rig.nic.poll()
      #expect((rig["ICR"] & Cause.rxdmt0 != 0) == (15 - received == threshold), "\(received) received")
    }
  }

  @Test("a frame without a descriptor waits: RXO and RNBC once, nothing missed, and it arrives later")
  func overrun() {
    rig.startReceiver(given: 0)
    rig.backend.waiting = [makeFrame(1)]
    rig.nic.poll()
    #expect(rig["ICR"] == Cause.rxo)
    rig.nic.poll()
    #expect(rig["ICR"] == 0 && rig["RNBC"] == 1 && rig["MPC"] == 0)
    rig["RDT"] = 4
    #expect(rig["ICR"] == Cause.rxt0)
    #expect(rig.received(0).bytes == makeFrame(1))
    #expect(rig.faults.isEmpty)
  }

  @Test("a frame that the whole ring cannot hold is missed")
  func tooLargeForTheRing() {
    rig.startReceiver(control: Rig.plainReception | 1 << 5 | 3 << 16, size: 256)
    rig.backend.waiting = [makeFrame(1, count: 2000), makeFrame(2)]
    rig.nic.poll()
    #expect(rig["MPC"] == 1 && rig["ICR"] == Cause.rxo | Cause.rxt0)
    #expect(rig["TPR"] == 2 && rig["GPRC"] == 1 && rig.faults.count == 1)
    #expect(rig.received(0).bytes == makeFrame(2))
  }

  @Test(
    "frames of which no more is stored than RSRPD says announce themselves, past the timers",
    arguments: [
      (isStripped: false, count: 60, isSmall: true), (false, 61, false), (true, 64, true), (true, 65, false),
    ])
  func smallPackets(isStripped: Bool, count: Int, isSmall: Bool) {
    rig.startReceiver(control: Rig.plainReception & ~(1 << 26) | (isStripped ? 1 << 26 : 0))
    rig["RSRPD"] = 64
    rig["RDTR"] = 100
    rig.backend.waiting = [makeFrame(1, count: count)]
    rig.nic.poll()
    #expect(rig["ICR"] == (isSmall ? Cause.srpd | Cause.rxt0 : 0))
    rig.advance(1_000_000)
    #expect(rig["ICR"] == (isSmall ? 0 : Cause.rxt0), "once, by either")
  }

  @Test("statistics count frames, octets, sizes and groups")
  func statistics() {
    rig.startReceiver(count: 64, given: 63, control: Rig.plainReception | 1 << 4)
    let frames =
      [60, 61, 124, 252, 508, 1020, 1514].map { makeFrame(1, count: $0) }
      + [makeFrame(2, to: [UInt8](repeating: 0xff, count: 6)), makeFrame(3, to: [1, 0, 0x5e, 0, 0, 1])]
    let others = [makeFrame(4, to: [2, 2, 2, 2, 2, 2])]
    rig.backend.waiting = frames + others
    rig.nic.poll()
    let octets = UInt32(frames.map { $0.count + 4 }.reduce(0, +))
    #expect(rig["GPRC"] == 9 && rig["TPR"] == 10)
    #expect(rig["GORCL"] == octets && rig["GORCH"] == 0)
    #expect(rig["TORL"] == octets + 64 && rig["TORH"] == 0)
    let sizes = ["PRC64", "PRC127", "PRC255", "PRC511", "PRC1023", "PRC1522"].map { rig[$0] }
    #expect(sizes == [3, 1, 1, 1, 1, 2])
    #expect(rig["BPRC"] == 1 && rig["MPRC"] == 1)
  }
}

@Suite("Receive filters")
struct FilterTests {
  let rig = Rig()
  static let multicast: [UInt8] = [0x01, 0x00, 0x5e, 0x12, 0x34, 0x56]
  static let broadcast = [UInt8](repeating: 0xff, count: 6)
  static let stranger: [UInt8] = [0x02, 0x11, 0x22, 0x33, 0x44, 0x55]

  /// The status with which a frame arrives, nil when it does not.
  private func arrival(of frame: [UInt8], control: UInt32 = 0) -> UInt8? {
    rig.startReceiver(control: Rig.plainReception & ~(1 << 15) | control)
    rig.backend.waiting = [frame]
    rig.nic.poll()
    #expect(rig.backend.waiting.isEmpty)
    return rig["RDH"] == 1 ? rig.received(0).status : nil
  }

  private static let exact: UInt8 = 0x07
  private static let inexact: UInt8 = 0x87

  @Test("only the station's own frames pass when nothing else is asked for")
  func station() {
    #expect(arrival(of: makeFrame(1)) == Self.exact)
    #expect(arrival(of: makeFrame(1, to: Self.stranger)) == nil)
    #expect(arrival(of: makeFrame(1, to: Self.multicast)) == nil)
    #expect(arrival(of: makeFrame(1, to: Self.broadcast)) == nil)
    #expect(rig.faults.isEmpty, "a filter that filters is no fault")
  }

  @Test("BAM, UPE and MPE let their kind pass and no other")
  func modes() {
    let bam: UInt32 = 1 << 15
    let upe: UInt32 = 1 << 3
    let mpe: UInt32 = 1 << 4
    #expect(arrival(of: makeFrame(1, to: Self.broadcast), control: bam) == Self.exact)
    #expect(arrival(of: makeFrame(1, to: Self.multicast), control: bam) == nil)
    #expect(arrival(of: makeFrame(1, to: Self.stranger), control: upe) == Self.inexact)
    #expect(arrival(of: makeFrame(1, to: Self.multicast), control: upe) == nil)
    #expect(arrival(of: makeFrame(1, to: Self.multicast), control: mpe) == Self.inexact)
    #expect(arrival(of: makeFrame(1, to: Self.stranger), control: mpe) == nil)
    #expect(arrival(of: makeFrame(1), control: upe) == Self.exact)
  }

  @Test("each of the sixteen receive addresses counts while it is valid")
  func receiveAddresses() {
    for index in 0..<16 {
      rig.write(Offset.ral0 + 8 * index, 0x3322_1102)
      rig.write(Offset.rah0 + 8 * index, 0x5544)
      #expect(arrival(of: makeFrame(1, to: Self.stranger)) == nil)
      rig.write(Offset.rah0 + 8 * index, 0x8000_5544)
      #expect(arrival(of: makeFrame(1, to: Self.stranger)) == Self.exact)
      rig.write(Offset.rah0 + 8 * index, 0x8001_5544)
      #expect(arrival(of: makeFrame(1, to: Self.stranger)) == nil, "compared with the source")
      rig.write(Offset.rah0 + 8 * index, 0)
    }
  }

  @Test("RCTL.MO chooses the bits that index the multicast table", arguments: [0, 1, 2, 3])
  func multicastTable(offset: Int) {
    let control = UInt32(offset) << 12
    let last = Int(Self.multicast[4]) | Int(Self.multicast[5]) << 8
    let hash = last >> [4, 3, 2, 0][offset] & 0xfff
    for word in 0..<128 {
      rig.write(Offset.mta + 4 * word, word == hash / 32 ? ~(1 << UInt32(hash % 32)) : ~0)
    }
    #expect(arrival(of: makeFrame(1, to: Self.multicast), control: control) == nil)
    rig.write(Offset.mta + 4 * (hash / 32), 1 << UInt32(hash % 32))
    #expect(arrival(of: makeFrame(1, to: Self.multicast), control: control) == Self.inexact)
  }

  @Test("tagged frames need their VLAN's bit when RCTL.VFE is on")
  func vlan() {
    var frame = makeFrame(1)
    frame.replaceSubrange(12..<16, with: [0x81, 0x00, 0x10, 0x2a])
    let vfe: UInt32 = 1 << 18
    #expect(arrival(of: frame) == Self.exact)
    #expect(arrival(of: frame, control: vfe) == nil)
    #expect(arrival(of: makeFrame(1), control: vfe) == Self.exact, "untagged")
    rig.write(Offset.vfta + 4, 1 << 10)
    #expect(arrival(of: frame, control: vfe) == Self.exact)
    #expect(arrival(of: frame, control: vfe | 1 << 19) == nil, "CFI is set, and must be clear")
    #expect(arrival(of: frame, control: vfe | 1 << 19 | 1 << 20) == Self.exact)
  }
}
