import TestSupport
import Testing
import VMM

@testable import E1000

@Suite("The window of I/O ports")
struct PortWindowTests {
  let rig = Rig()

  private func out(_ port: Int, _ value: UInt32) {
    rig.nic.write(Access(window: 1, offset: port, size: 4), UInt64(value))
  }

  private func `in`(_ port: Int, size: Int = 4) -> UInt64 {
    rig.nic.read(Access(window: 1, offset: port, size: size))
  }

  @Test("every register reads through IODATA as it does through BAR0")
  func reads() {
    for place in Place.all {
      out(0, UInt32(place.offset))
      #expect(`in`(0) == UInt64(place.offset))
      #expect(UInt32(`in`(4)) == rig.read(place.offset), "\(place.testDescription)")
    }
    #expect(rig.faults.isEmpty)
  }

  @Test("a whole transmission and a reset go through two ports, as Linux resets an 82540EM")
  func transmission() {
    let registers: KeyValuePairs = [
      "TDBAL": UInt32(Rig.transmitRing), "TDLEN": 128, "TDH": 0, "TCTL": 2, "TDT": 1,
    ]
    rig.queue(makeFrame(1), 0)
    for (name, value) in registers {
      out(0, UInt32(Rig.offset(name)))
      out(4, value)
    }
    #expect(rig.backend.sent == [makeFrame(1)] && rig.nic.counters.kicks == 1)
    out(0, 0)
    out(4, UInt32(`in`(4)) | 1 << 26)
    #expect(rig["TDBAL"] == 0 && rig["TCTL"] == 0)
    rig.expectUsable()
  }

  @Test("narrow reads give the bytes; narrow writes and addresses without a register are said")
  func narrow() {
    out(0, UInt32(Offset.ral0))
    let word = UInt64(rig.read(Offset.ral0))
    for lane in 0..<4 { #expect(`in`(4 + lane, size: 1) == word >> UInt64(8 * lane) & 0xff) }
    #expect(`in`(6, size: 2) == word >> 16 && `in`(1, size: 1) == UInt64(Offset.ral0 >> 8 & 0xff))
    for (offset, size) in [(0, 1), (0, 2), (4, 2), (5, 1), (8, 4), (2, 4), (60, 4)] {
      rig.nic.write(Access(window: 1, offset: offset, size: size), 1)
    }
    #expect(rig.faults.count == 7 && `in`(0) == UInt64(Offset.ral0))
    out(0, 0xffff_ffff)
    #expect(`in`(0) == 0xf_ffff && `in`(4) == 0 && `in`(40) == 0 && `in`(3, size: 2) == 0)
    out(4, 1)
    #expect(rig.faults.count == 8)
  }

  @Test("the ledger calls the ports IOADDR and IODATA")
  func names() {
    let map = rig.nic.windows[1].registers
    #expect([0, 4, 8].map { map.registers[map.number(at: $0)].name } == ["IOADDR", "IODATA", "(other)"])
  }
}

@Suite("Coalesced writes")
struct CoalescedWritesTests {
  /// Writing these does something that a guest may wait for.
  static let loud = [
    "CTRL", "EECD", "EERD", "MDIC", "ICR", "ITR", "ICS", "IMS", "IMC", "RCTL", "TCTL", "RDT", "RDTR",
  ]
  /// Reception goes by these, whether or not the guest exits again.
  static let heard = ["MTA", "VFTA", "RAL", "RAH", "VET", "RADV", "RSRPD", "RXCSUM"]
  static let quiet = [
    "TDBAL", "TDBAH", "TDLEN", "TDH", "RDBAL", "RDBAH", "RDLEN", "RDH", "TIDV", "TADV", "TXDCTL", "TIPG",
  ]

  @Test("none waits, or what only stores, or the doorbell as well", arguments: CoalescedWrites.allCases)
  func ranges(choice: CoalescedWrites) {
    let ranges = choice.ranges
    func waits(_ name: String) -> Bool { ranges.contains { $0.contains(Rig.offset(name)) } }
    #expect((Self.loud + Self.heard).allSatisfy { !waits($0) })
    #expect(Self.quiet.allSatisfy { waits($0) == (choice != .none) })
    #expect(waits("TDT") == (choice == .doorbell))
    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "in order, apart")
    #expect(ranges.count <= 32 && ranges.allSatisfy { $0.lowerBound % 4 == 0 && $0.count % 4 == 0 })
  }
}

@Suite("Loopback")
struct LoopbackTests {
  @Test(
    "what is sent comes back, through the filters, and the far end sees nothing", arguments: [true, false])
  func loopback(byPHY: Bool) {
    let rig = Rig()
    rig.startReceiver(control: Rig.plainReception | (byPHY ? 0 : 3 << 6))
    if byPHY { rig["MDIC"] = 1 << 26 | 1 << 21 | 0x4140 }
    rig.backend.waiting = [makeFrame(9)]
    rig.startTransmitter()
    rig.queue(makeFrame(1, count: 700), 0)
    rig.queue(makeFrame(2, to: [2, 2, 2, 2, 2, 2]), 1)
    rig.queue(makeFrame(3), 2)
    rig["TDT"] = 3
    #expect(rig.backend.sent.isEmpty && rig.backend.waiting.count == 1)
    #expect(rig.received(0).bytes == makeFrame(1, count: 700) && rig.received(1).bytes == makeFrame(3))
    #expect(rig["RDH"] == 2 && rig["GPTC"] == 3 && rig["GPRC"] == 2)
    #expect(rig["ICR"] & (Cause.rxt0 | Cause.txdw) == Cause.rxt0 | Cause.txdw)
  }

  @Test("without descriptors one frame waits and the others are missed")
  func overrun() {
    let rig = Rig()
    rig.startReceiver(given: 0, control: Rig.plainReception | 3 << 6)
    rig.startTransmitter()
    for index in 0..<4 { rig.queue(makeFrame(index), index) }
    rig["TDT"] = 4
    #expect(rig["MPC"] == 3 && rig["RNBC"] == 1 && rig["ICR"] & Cause.rxo != 0)
    rig["RDT"] = 4
    #expect(rig.received(0).bytes == makeFrame(0) && rig["RDH"] == 1)
  }

  @Test("what waits of one's own goes with a reset, counted; what came by the wire stays")
  func reset() {
    for isOwn in [true, false] {
      let rig = Rig()
      rig.startReceiver(given: 0, control: Rig.plainReception | (isOwn ? 3 << 6 : 0))
      rig.startTransmitter()
      if isOwn { rig.queue(makeFrame(7), 0) } else { rig.backend.waiting = [makeFrame(7)] }
      rig["TDT"] = isOwn ? 1 : 0
      rig.nic.poll()
      rig["CTRL"] = CTRL.reset
      rig.startReceiver()
      rig.nic.poll()
      #expect(rig["RDH"] == (isOwn ? 0 : 1))
      #expect(rig.nic.counters.packets?.dropped == (isOwn ? 1 : 0))
    }
  }
}

@Suite("The receive filters against a model")
struct FilterModelTests {
  @Test("random filters let the model's frames pass and no others", arguments: 1...4)
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    // Few addresses, so that they meet.
    func address() -> [UInt8] {
      switch random.next() % 8 {
      case 0: [UInt8](repeating: 0xff, count: 6)
      case 1, 2: [1, 0, 0x5e, 0, UInt8(random.next() % 4), UInt8(random.next() % 4) << 4]
      default: [2, 0, 0, 0, UInt8(random.next() % 4), UInt8(random.next() % 4)]
      }
    }
    for _ in 0..<300 {
      let rig = Rig()
      var (stations, sources): (Set<[UInt8]>, Set<[UInt8]>) = ([], [])
      for index in 0..<16 {
        let own = address()
        let select = UInt32(random.next() % 5 == 0 ? 1 : 0)
        let isValid = random.next() % 2 == 0
        rig.write(Offset.ral0 + 8 * index, own[..<4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        rig.write(
          Offset.rah0 + 8 * index,
          UInt32(own[4]) | UInt32(own[5]) << 8 | select << 16 | (isValid ? 1 << 31 : 0))
        if isValid { if select == 0 { stations.insert(own) } else { sources.insert(own) } }
      }
      let table = (0..<128).map { _ in UInt32(truncatingIfNeeded: random.next() & random.next()) }
      let vlans = (0..<128).map { _ in UInt32(truncatingIfNeeded: random.next()) }
      for index in 0..<128 {
        rig.write(Offset.mta + 4 * index, table[index])
        rig.write(Offset.vfta + 4 * index, vlans[index])
      }
      let control = UInt32(truncatingIfNeeded: random.next()) & 0x001c_b018
      rig.startReceiver(control: 0x0400_0002 | control)
      var frame = makeFrame(1, to: address())
      frame.replaceSubrange(6..<12, with: address())
      let isTagged = random.next() % 2 == 0
      let tag = UInt16(truncatingIfNeeded: random.next())
      if isTagged { frame.replaceSubrange(12..<16, with: [0x81, 0x00] + Packets.bytes(tag)) }
      rig.backend.waiting = [frame]
      rig.nic.poll()

      let destination = [UInt8](frame[..<6])
      let isGroup = destination[0] & 1 != 0
      let high = Int(destination[4]) | Int(destination[5]) << 8
      let hash = high >> [4, 3, 2, 0][Int(control >> 12 & 3)] & 0xfff
      let isExact =
        stations.contains(destination) || sources.contains([UInt8](frame[6..<12]))
        || destination == [UInt8](repeating: 0xff, count: 6) && control & 1 << 15 != 0
      let isInexact =
        isGroup
        ? control & 1 << 4 != 0 || table[hash / 32] >> UInt32(hash % 32) & 1 != 0 : control & 1 << 3 != 0
      var passes = isExact || isInexact
      if control & 1 << 18 != 0 && isTagged {
        let identifier = Int(tag & 0xfff)
        passes = passes && vlans[identifier / 32] >> UInt32(identifier % 32) & 1 != 0
        if control & 1 << 19 != 0 { passes = passes && (tag & 0x1000 != 0) == (control & 1 << 20 != 0) }
      }
      #expect((rig["RDH"] == 1) == passes)
      if passes { #expect(rig.received(0).status & 0x80 == (isExact ? 0 : 0x80)) }
      // What does not pass leaves the guest's memory alone.
      if !passes { #expect(rig.bytes(at: Rig.receiveBuffers, 60) == [UInt8](repeating: 0, count: 60)) }
    }
  }

  @Test("frames that no filter passes cost no descriptor and no wait, also where there is none")
  func noDescriptor() {
    let rig = Rig()
    rig.startReceiver(given: 0)
    rig.backend.waiting = [makeFrame(1, to: [2, 9, 9, 9, 9, 9])]
    rig.nic.poll()
    #expect(rig["RNBC"] == 0 && rig["ICR"] == 0 && rig.waitingCount == 0 && rig["TPR"] == 1)
  }
}
