import PCI
import Testing
import VMM

@testable import E1000

/// What drivers do before their first frame, register by register, and what each of them checks on the way.
@Suite("Drivers' first steps")
struct DriverTests {
  let rig = Rig()

  // MARK: What drivers have in common

  private func phy(_ number: UInt32) -> UInt16 {
    rig["MDIC"] = 2 << 26 | 1 << 21 | number << 16
    #expect(rig["MDIC"] & (1 << 28 | 1 << 30) == 1 << 28)
    return UInt16(rig["MDIC"] & 0xffff)
  }

  private func phy(_ number: UInt32, write value: UInt16) {
    rig["MDIC"] = 1 << 26 | 1 << 21 | number << 16 | UInt32(value)
    #expect(rig["MDIC"] & (1 << 28 | 1 << 30) == 1 << 28)
  }

  /// A word of the EEPROM by moving the wires, as Linux and the BSDs do on an 82540.
  private func serialWord(_ address: Int) -> UInt16 {
    rig["EECD"] |= 0x40
    #expect(rig["EECD"] & 0x80 != 0 && rig["EECD"] & 0x200 == 0, "granted; 64 words, so six bits of address")
    rig["EECD"] = rig["EECD"] & ~0x5 | 2
    func shiftOut(_ bits: Int, _ count: Int) {
      for index in (0..<count).reversed() {
        rig["EECD"] = rig["EECD"] & ~4 | (bits >> index & 1 != 0 ? 4 : 0)
        rig["EECD"] |= 1
        rig["EECD"] &= ~1
      }
      rig["EECD"] &= ~4
    }
    shiftOut(0b110, 3)
    shiftOut(address, 6)
    var word: UInt16 = 0
    for _ in 0..<16 {
      rig["EECD"] |= 1
      word = word << 1 | (rig["EECD"] & 8 != 0 ? 1 : 0)
      rig["EECD"] &= ~5
    }
    rig["EECD"] &= ~3
    rig["EECD"] &= ~0x40
    #expect(rig["EECD"] & 0x80 == 0)
    return word
  }

  private func eerdWord(_ address: UInt32) -> UInt16 {
    rig["EERD"] = address << 8 | 1
    #expect(rig["EERD"] & 0x10 != 0)
    return UInt16(rig["EERD"] >> 16)
  }

  private func bytes(_ words: [UInt16]) -> [UInt8] { words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] } }

  /// Frames go both ways, and each interrupt is where the driver looks for it.
  private func exchange(context: Bool = false) {
    rig.backend.waiting = [makeFrame(1), makeFrame(2, to: [UInt8](repeating: 0xff, count: 6))]
    rig.nic.poll()
    #expect(rig.received(0).bytes.prefix(60) == makeFrame(1)[...] && rig.received(1).status & 1 != 0)
    rig.queue(makeFrame(3), 0)
    rig["TDT"] = 1
    #expect(rig.backend.sent == [makeFrame(3)] && rig.isDone(0))
    rig.advance(10_000_000)
    #expect(rig.line.isAsserted && rig["ICR"] & (Cause.rxt0 | Cause.txdw) == Cause.rxt0 | Cause.txdw)
    #expect(!rig.line.isAsserted)
  }

  // MARK: The drivers

  @Test("Linux e1000: probe, open, link watchdog")
  func linux() {
    // e1000_reset_hw: through the I/O ports on an 82540.
    rig["IMC"] = ~0
    rig["RCTL"] = 0
    rig["TCTL"] = 1 << 3
    let control = rig["CTRL"]
    rig.nic.write(Access(window: 1, offset: 0, size: 4), 0)
    rig.nic.write(Access(window: 1, offset: 4, size: 4), UInt64(control | 1 << 26))
    #expect(rig["CTRL"] & 1 << 26 == 0)
    rig["MANC"] = rig["MANC"] & ~(1 << 13)
    rig["IMC"] = ~0
    _ = rig["ICR"]
    // e1000_validate_eeprom_checksum and e1000_read_mac_addr.
    let words = (0..<64).map(serialWord)
    #expect(words.reduce(0, &+) == 0xbaba && bytes(Array(words[..<3])) == Rig.mac)
    // e1000_init_hw: addresses, multicast and VLAN tables.
    for index in 1..<16 {
      rig.write(Offset.ral0 + 8 * index, 0)
      rig.write(Offset.rah0 + 8 * index, 0)
    }
    for index in 0..<128 {
      rig.write(Offset.mta + 4 * index, 0)
      rig.write(Offset.vfta + 4 * index, 0)
    }
    // e1000_setup_copper_link: an 88E1011, configured, reset, autonegotiated.
    rig["CTRL"] = rig["CTRL"] & ~(1 << 11 | 1 << 12) | 1 << 6
    #expect(UInt32(phy(2)) << 16 | UInt32(phy(3) & 0xfff0) == 0x0141_0c20)
    phy(16, write: phy(16) & ~6 | 1 << 11)
    phy(20, write: phy(20) & ~0x0f70 | 0x0100 | 0x0070)
    phy(0, write: phy(0) | 1 << 15)
    #expect(phy(0) & 1 << 15 == 0, "reset clears itself")
    phy(4, write: phy(4) | 0x01e0 | 0x0c00)
    phy(9, write: phy(9) | 0x0200)
    phy(0, write: phy(0) | 1 << 12 | 1 << 9)
    #expect(phy(1) & 0x24 == 0x24 && phy(17) & 0xe400 == 0xa400, "complete, up, 1000 Mb/s full duplex")
    for (name, value) in ["FCAL": 0x00c2_8001, "FCAH": 0x0100, "FCT": 0x8808, "FCTTV": 0xffff, "PBA": 48]
      as KeyValuePairs<String, UInt32>
    { rig[name] = value }
    rig["TXDCTL"] = rig["TXDCTL"] & ~0x003f_0000 | 0x0100_0000
    for definition in RegisterDefinition.statistics { _ = rig.read(definition.offset) }
    // e1000_configure and e1000_up.
    rig.startTransmitter(control: 0x0004_010a | 0x0100_0000)
    rig["TIDV"] = 8
    rig["TADV"] = 32
    rig["RDTR"] = 0
    rig["RADV"] = 8
    rig["ITR"] = 488
    rig["RXCSUM"] = 0x300
    rig.startReceiver(control: 0x0000_8002)
    rig["IMS"] = 0x9d
    rig["ICS"] = Cause.lsc
    #expect(rig.line.isAsserted && rig["ICR"] & Cause.lsc != 0)
    #expect(rig["STATUS"] & 0x83 == 0x83, "e1000_get_speed_and_duplex")
    exchange()
    #expect(rig.faults.isEmpty, "\(rig.faults)")
  }

  @Test("iPXE: reset, address, link, rings, polling")
  func iPXE() {
    let address = (rig["RAL"], rig["RAH"])
    rig["CTRL"] = rig["CTRL"] | 1 << 26 | 1 << 31
    rig["CTRL"] = rig["CTRL"] & ~(1 << 3 | 1 << 7 | 1 << 11 | 1 << 12) | 1 << 5 | 1 << 6
    #expect(rig["STATUS"] & 2 != 0)
    #expect((rig["RAL"], rig["RAH"]) == address && address.1 & 1 << 31 != 0)
    #expect(bytes((0..<3).map(eerdWord)) == Rig.mac)
    rig.startTransmitter(control: 0x0004_00fa)
    rig.startReceiver(control: 0x0400_801e)
    rig["IMS"] = Cause.txdw | Cause.txqe | Cause.lsc | Cause.rxdmt0 | Cause.rxo | Cause.rxt0
    rig.advance(10_000_000)
    #expect(rig["ICR"] & Cause.lsc != 0, "the link is told of")
    exchange()
    #expect(rig.faults.isEmpty, "\(rig.faults)")
  }

  @Test("FreeBSD em: attach, init, link")
  func freeBSD() {
    rig["IMC"] = ~0
    rig["RCTL"] = 0
    rig["TCTL"] = 1 << 3
    rig.nic.write(Access(window: 1, offset: 0, size: 4), 0)
    rig.nic.write(Access(window: 1, offset: 4, size: 4), UInt64(rig["CTRL"] | 1 << 26))
    rig["IMC"] = ~0
    _ = rig["ICR"]
    #expect((0..<64).map(serialWord).reduce(0, &+) == 0xbaba)
    #expect(phy(2) == 0x0141 && phy(3) & 0xfff0 == 0x0c20)
    rig["VET"] = 0x8100
    rig["CTRL"] = rig["CTRL"] | 1 << 6 | 1 << 30
    phy(0, write: 0x1340)
    #expect(phy(1) & 0x24 == 0x24 && rig["STATUS"] & 0x83 == 0x83)
    rig["TIDV"] = 64
    rig["TADV"] = 64
    rig.startTransmitter(control: 0x0004_00fa)
    rig["RADV"] = 64
    rig["RDTR"] = 32
    rig["ITR"] = 488
    rig["RXCSUM"] = 0x300
    rig.startReceiver(control: 0x0400_8002)
    rig["IMS"] = 0x9d
    exchange()
    #expect(rig.faults.isEmpty, "\(rig.faults)")
  }

  @Test("xv6: no EEPROM, no PHY, no FCS asked for")
  func xv6() {
    rig["IMS"] = 0
    rig["CTRL"] |= 1 << 26
    rig["IMS"] = 0
    rig.startTransmitter(control: 0x0004_010a | 1 << 1)
    rig["TIPG"] = 10 | 8 << 10 | 6 << 20
    rig["RAL"] = 0x1200_5452
    rig["RAH"] = 0x5734 | 1 << 31
    for index in 0..<128 { rig.write(Offset.mta + 4 * index, 0) }
    rig.startReceiver(control: 0x0400_8002)
    rig["RDTR"] = 0
    rig["RADV"] = 0
    rig["IMS"] = 1 << 7
    rig.queue(makeFrame(1), 0, command: Rig.eop | Rig.rs)
    rig["TDT"] = 1
    #expect(rig.backend.sent == [makeFrame(1)] && rig.isDone(0))
    rig.backend.waiting = [makeFrame(2)]
    rig.nic.poll()
    #expect(rig.line.isAsserted && rig.received(0).bytes == makeFrame(2))
    rig["ICR"] = ~0
    #expect(!rig.line.isAsserted)
    #expect(rig.faults == [Unmodelled.missingFCS.message])
  }
}

/// The far end and the supervisor's thread.
@Suite("The far end")
struct BackendTests {
  let rig = Rig()

  @Test(
    "its faults and drops are the NIC's, it is told what the guest accepts, and its descriptor is watched")
  func wiring() {
    #expect(rig.backend.accepted == [[]])
    rig.backend.onFault("the far end is gone")
    #expect(rig.faults == ["the far end is gone"])
    rig.backend.drops = 3
    #expect(rig.nic.counters.packets?.dropped == 3)
    let watch = rig.nic.watches[0]
    rig.startReceiver()
    #expect(watch.descriptor() == -1)
    rig.backend.number = 77
    #expect(watch.descriptor() == 77)
    rig.backend.waiting = [makeFrame(1)]
    watch.serve()
    #expect(rig.received(0).bytes == makeFrame(1))
  }

  /// Whoever waits for the far end would find it readable again and again.
  @Test("frames that cannot be taken are not waited for, until the guest makes that they can")
  func deafness() {
    let watch = rig.nic.watches[0]
    rig.backend.number = 77
    rig.backend.waiting = (0..<3).map { makeFrame($0) }
    /// Serves the watch as often as it has a descriptor, and a few times more than the frames need.
    func wait() -> Bool {
      for _ in 0..<4 where watch.descriptor() == 77 { watch.serve() }
      return watch.descriptor() == 77
    }
    /// The guest's step makes the waiting thread look anew, by the alarm.
    func step(_ body: () -> Void) {
      rig.advance(10_000_000)
      body()
      #expect(rig.alarm.due != nil)
      rig.advance(1_000_000)
    }
    #expect(!wait(), "reception is off")
    rig.startReceiver(count: 8, given: 1)
    #expect(!wait() && rig["RNBC"] == 1, "one frame is through, one waits for a descriptor")
    rig["RDLEN"] = 0
    rig["RDT"] = 2
    #expect(!wait(), "a ring of no length")
    rig["RDLEN"] = 128
    step { rig["RDT"] = 7 }
    #expect(rig.backend.waiting.isEmpty)
    #expect(wait(), "all three are through")
    rig["RCTL"] = rig["RCTL"] | 1 << 6
    rig.backend.waiting = [makeFrame(4)]
    #expect(!wait(), "loopback hears nothing of the wire")
    step { rig["RCTL"] = rig["RCTL"] & ~(3 << 6) }
    #expect(wait() && rig.backend.waiting.isEmpty)
  }

  @Test("a batch is flushed once")
  func flush() {
    rig.startTransmitter()
    for index in 0..<7 { rig.queue(makeFrame(index), index) }
    rig["TDT"] = 7
    #expect(rig.backend.flushes == 1)
  }
}
