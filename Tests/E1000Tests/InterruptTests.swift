import PCI
import TestSupport
import Testing
import VMM

@testable import E1000

@Suite("Interrupts")
struct InterruptTests {
  let rig = Rig()

  @Test("the line is up exactly while an enabled cause waits, whatever the order of the writes")
  func level() {
    var random = SplitMix64(seed: 1)
    var (causes, mask): (UInt32, UInt32) = (0, 0)
    for _ in 0..<5000 {
      let value = UInt32(truncatingIfNeeded: random.next()) & UInt32(truncatingIfNeeded: random.next())
      switch random.next() % 6 {
      case 0, 1:
        rig["ICS"] = value
        causes |= value & Cause.all
      case 2:
        rig["IMS"] = value
        mask |= value & Cause.all
      case 3:
        rig["IMC"] = value
        mask &= ~value
      case 4:
        rig["ICR"] = value
        causes &= ~value
      default:
        #expect(rig["ICR"] == causes)
        causes = 0
      }
      #expect(rig.line.isAsserted == (causes & mask != 0))
      #expect(rig["IMS"] == mask)
    }
  }

  @Test("a masked cause waits, and raises the line when it is enabled")
  func masked() {
    rig.startTransmitter()
    rig.queue(makeFrame(1), 0)
    rig["TDT"] = 1
    #expect(!rig.line.isAsserted)
    rig["IMS"] = Cause.txdw
    #expect(rig.line.isAsserted && rig.nic.counters.interrupts == 1)
    rig["IMC"] = Cause.txdw
    #expect(!rig.line.isAsserted)
  }

  @Test("each of bits 0 to 9 comes back from ICS with an interrupt: Linux' self-test", arguments: 0..<10)
  func selfTest(bit: Int) {
    rig["IMS"] = 1 << UInt32(bit)
    rig["ICS"] = 1 << UInt32(bit)
    #expect(rig.line.isAsserted)
    #expect(rig["ICR"] == 1 << UInt32(bit))
    #expect(!rig.line.isAsserted)
  }

  @Test("a batch raises the line once, and the handler's read of ICR lowers it")
  func batch() {
    rig["IMS"] = Cause.txdw | Cause.rxt0
    rig.backend.reflects = true
    rig.startReceiver(count: 64, given: 63)
    rig.startTransmitter()
    for round in 0..<3 {
      for number in 0..<2 { rig.queue(makeFrame(number), 2 * round + number) }
      rig["TDT"] = UInt32(2 * round + 2)
      #expect(rig.line.isAsserted && rig.line.raised == UInt64(round + 1))
      #expect(rig["ICR"] == Cause.txdw | Cause.txqe | Cause.txdLow | Cause.rxt0)
      #expect(!rig.line.isAsserted)
    }
  }

  @Test("with MSI a batch is one message, and the next comes when the handler has read ICR")
  func message() {
    let host = PCIHost()
    host.attach(rig.nic, at: 3)
    func configure(_ register: UInt64, _ value: UInt64) {
      host.write(Access(offset: 0, size: 4), 0x8000_1800 | register)
      host.write(Access(offset: 4, size: 4), value)
    }
    configure(0x44, 0xfee0_0000)
    configure(0x40, 1 << 16)
    rig["IMS"] = Cause.txdw
    rig.startTransmitter()
    for round in 0..<3 {
      for number in 0..<2 { rig.queue(makeFrame(number), 2 * round + number) }
      rig["TDT"] = UInt32(2 * round + 1)
      rig["TDT"] = UInt32(2 * round + 2)
      #expect(rig.message.sent == UInt64(round + 1) && rig.line.raised == 0)
      #expect(rig["ICR"] & Cause.txdw != 0)
    }
    #expect(rig.nic.counters.interrupts == 3)
    // A reset lowers the level, and leaves configuration space alone.
    rig["ICS"] = Cause.txdw
    #expect(rig.message.sent == 4)
    rig["CTRL"] = 1 << 26
    rig["IMS"] = Cause.txdw
    #expect(rig.message.sent == 4)
    rig["ICS"] = Cause.txdw
    #expect(rig.message.sent == 5 && rig.line.raised == 0)
    // ITR holds a message back as it does the pin.
    _ = rig["ICR"]
    rig["ITR"] = 1000
    rig["ICS"] = Cause.txdw
    #expect(rig.message.sent == 6)
    _ = rig["ICR"]
    rig["ICS"] = Cause.txdw
    #expect(rig.message.sent == 6)
    rig.advance(256_000)
    #expect(rig.message.sent == 7)
  }

  @Test("a reset lowers the line and forgets causes and mask")
  func reset() {
    rig["IMS"] = Cause.all
    rig["ICS"] = Cause.txdw
    #expect(rig.line.isAsserted)
    rig["CTRL"] = 1 << 26
    #expect(!rig.line.isAsserted && rig["ICR"] == 0 && rig["IMS"] == 0)
  }
}
