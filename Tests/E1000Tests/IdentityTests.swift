import PCI
import TestSupport
import Testing
import VMM

@testable import E1000

@Suite("EEPROM, PHY and PCI identity")
struct IdentityTests {
  let rig = Rig()

  private func readEEPROM(_ address: Int) -> UInt16 {
    rig["EERD"] = UInt32(address) << 8 | 1
    let result = rig["EERD"]
    #expect(result & 0x10 != 0 && result & 1 == 0, "DONE, and START cleared itself")
    return UInt16(result >> 16)
  }

  @Test("the EEPROM's words add up to 0xBABA and begin with the station's address")
  func checksum() {
    let words = (0..<64).map(readEEPROM)
    #expect(words.reduce(0, &+) == 0xbaba)
    #expect(words[..<3].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] } == Rig.mac)
    #expect(words[0x0d] == 0x100e && words[0x0e] == 0x8086)
  }

  @Test("the checksum holds for any address")
  func checksumOfAnyAddress() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<200 {
      let b = (0..<6).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let eeprom = EEPROM(mac: MACAddress(b[0], b[1], b[2], b[3], b[4], b[5]))
      #expect((0..<64).reduce(0) { $0 &+ eeprom[$1]! } == 0xbaba)
      #expect(eeprom[64] == nil)
    }
  }

  @Test("a read beyond the EEPROM ends, and is said")
  func beyond() {
    #expect(readEEPROM(64) == 0xffff && readEEPROM(255) == 0xffff)
    #expect(rig.faults.count == 2)
  }

  /// One command on the EEPROM's serial bus: bits out, then as many in.
  private func shift(out bits: UInt32, _ count: Int, in answer: Int) -> UInt16 {
    let (select, clock, dataIn, dataOut): (UInt32, UInt32, UInt32, UInt32) = (0x42, 1, 4, 8)
    rig["EECD"] = select
    for index in (0..<count).reversed() {
      let level = bits >> UInt32(index) & 1 != 0 ? dataIn : 0
      for wires in [0, clock, 0] { rig["EECD"] = select | level | wires }
    }
    var value: UInt16 = 0
    for _ in 0..<answer {
      rig["EECD"] = select | clock
      value = value << 1 | (rig["EECD"] & dataOut != 0 ? 1 : 0)
      rig["EECD"] = select
    }
    rig["EECD"] = 0
    return value
  }

  @Test("the serial bus in EECD reads the same words as EERD")
  func microwire() {
    rig["EECD"] = 0x40
    #expect(rig["EECD"] & 0x80 != 0, "access is granted at once")
    for address in 0..<64 {
      let word = shift(out: 0b110 << 6 | UInt32(address), 9, in: 16)
      #expect(word == readEEPROM(address), "word \(address)")
    }
    // Leading zeros before the start bit are no command.
    #expect(shift(out: 0b110 << 6 | 1, 14, in: 16) == readEEPROM(1))
    #expect(rig.faults.isEmpty)
  }

  @Test("the EEPROM cannot be written, and that is said")
  func microwireWrite() {
    _ = shift(out: (0b101 << 6 | 3) << 16 | 0x1234, 25, in: 0)
    #expect(readEEPROM(3) == 0)
    #expect(rig.faults == ["EECD: the EEPROM is write-protected"])
  }

  private func phy(_ number: Int, write value: UInt16? = nil, address: Int = 1) -> UInt32 {
    let operation: UInt32 = value == nil ? 2 : 1
    rig["MDIC"] = operation << 26 | UInt32(address) << 21 | UInt32(number) << 16 | UInt32(value ?? 0)
    return rig["MDIC"]
  }

  @Test("STATUS shows the speed and duplex that CTRL forces, and what was negotiated otherwise")
  func forcedLink() {
    let force: UInt32 = 1 << 11 | 1 << 12
    for (control, shown) in [
      (force, 0x02), (force | 1, 0x03), (force | 1 << 8, 0x42), (force | 2 << 8 | 1, 0x83),
      (1 << 11 | 1 << 8, 0x43),
      (1 << 12, 0x82), (0, 0x83),
    ] as [(UInt32, UInt32)] {
      rig["CTRL"] = rig["CTRL"] & ~(force | 3 << 8 | 1) | control
      #expect(rig["STATUS"] & 0xc3 == shown)
    }
  }

  @Test("the PHY is an 88E1011 with its link up, autonegotiated, at 1000 Mb/s full duplex")
  func phyIdentity() {
    let ready: UInt32 = 1 << 28
    #expect(phy(2) & 0xffff == 0x0141 && phy(3) & 0xfff0 == 0x0c20)
    #expect(phy(2) & (ready | 1 << 30) == ready)
    #expect(phy(1) & 0x24 == 0x24, "autonegotiation complete, link up")
    #expect(phy(17) & 0xac00 == 0xac00)
    #expect(rig["STATUS"] & 0xc3 == 0x83)
  }

  @Test("PHY registers hold what their mask lets them, and a PHY reset puts them back")
  func phyRegisters() {
    for number in 0..<32 {
      let definition = PHY.definitions.first { $0.number == number }
      let (reset, mask) = (definition?.reset ?? 0, definition?.writable ?? 0)
      for value: UInt16 in [0x7fff, 0, 0x5555, 0x2aaa] {
        _ = phy(number, write: value)
        #expect(UInt16(phy(number) & 0xffff) == reset & ~mask | value & mask, "register \(number)")
      }
    }
    _ = phy(0, write: 0x8000)
    for definition in PHY.definitions {
      #expect(UInt16(phy(definition.number) & 0xffff) == definition.reset, "\(definition.name)")
    }
    _ = phy(16, write: 0x1111)
    rig["CTRL"] = 1 << 31
    #expect(phy(16) & 0xffff == 0x0360 && rig["CTRL"] & 1 << 31 == 0)
  }

  @Test("other addresses on the management bus and reserved operations are errors")
  func phyErrors() {
    for address in 0..<32 where address != 1 {
      #expect(phy(2, address: address) & (1 << 28 | 1 << 30 | 0xffff) == 1 << 28 | 1 << 30 | 0xffff)
    }
    for operation: UInt32 in [0, 3] {
      rig["MDIC"] = operation << 26 | 1 << 21
      #expect(rig["MDIC"] & (1 << 28 | 1 << 30) == 1 << 28 | 1 << 30)
    }
  }

  @Test("MDIC's interrupt bit raises MDAC")
  func phyInterrupt() {
    rig["MDIC"] = 2 << 26 | 1 << 21 | 1 << 16
    #expect(rig["ICR"] == 0)
    rig["MDIC"] = 1 << 29 | 2 << 26 | 1 << 21 | 1 << 16
    #expect(rig["ICR"] == Cause.mdac)
  }

  @Test("on the bus it is 8086:100e with 128 KiB at the address that the device answers at")
  func pci() {
    let host = PCIHost()
    host.attach(rig.nic, at: 3)
    func read(_ register: UInt64) -> UInt64 {
      host.write(Access(offset: 0, size: 4), 0x8000_1800 | register)
      return host.read(Access(offset: 4, size: 4))
    }
    #expect(read(0) == 0x100e_8086 && read(8) >> 8 == 0x02_0000)
    #expect(read(0x10) == rig.nic.windows[0].base && read(0x3c) & 0xffff == 0x010b)
    host.write(Access(offset: 4, size: 4), 0)
    host.write(Access(offset: 0, size: 4), 0x8000_1810)
    host.write(Access(offset: 4, size: 4), 0xffff_ffff)
    #expect(~read(0x10) & 0xffff_ffff == rig.nic.windows[0].count - 1)
  }

  @Test("another base and another address are taken")
  func otherPlace() {
    let nic = E1000(
      memory: rig.memory, backend: rig.backend, interrupt: rig.line, alarm: rig.alarm, base: 0xfea0_0000,
      ports: 0xd000, mac: MACAddress(2, 1, 2, 3, 4, 5))
    #expect(nic.windows[0].base == 0xfea0_0000)
    #expect(nic.windows[1].base == 0xd000 && nic.windows[1].space == .port)
    #expect(nic.function.bars[0].address == 0xfea0_0000)
    #expect(nic.read(Access(offset: Offset.ral0, size: 4)) == 0x0302_0102)
    #expect(nic.read(Access(offset: Offset.rah0, size: 4)) == 0x8000_0504)
  }
}
