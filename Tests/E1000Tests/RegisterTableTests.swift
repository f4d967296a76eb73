import Testing
import VMM

@testable import E1000

/// One register of the table, at one offset.
struct Place: CustomTestStringConvertible {
  let definition: RegisterDefinition
  let offset: Int
  var testDescription: String { "\(definition.name) at \(hex(offset))" }

  static let all = RegisterDefinition.all.flatMap { definition in
    definition.offsets.map { Place(definition: definition, offset: $0) }
  }

  /// The station's address is not zero after reset.
  var reset: UInt32 {
    switch offset {
    case Offset.ral0: 0x1200_5452
    case Offset.rah0: 0x8000_5734
    default: definition.reset
    }
  }

  /// Registers that hold what is written as far as the mask goes, and whose write does nothing else to them.
  static let holding = all.filter { place in
    switch place.definition.effect {
    case nil, .rctl, .tctl, .tdt, .rdt, .ringLength, .itr, .rdtr: place.definition.access == .readWrite
    default: false
    }
  }
}

@Suite("The register table")
struct RegisterTableTests {
  let rig = Rig()

  @Test("no two registers share a name or an offset, and all lie in BAR0")
  func disjoint() {
    let names = RegisterDefinition.all.map(\.name)
    let offsets = Place.all.map(\.offset)
    #expect(Set(names).count == names.count)
    #expect(Set(offsets).count == offsets.count)
    #expect(offsets.allSatisfy { $0 % 4 == 0 && $0 + 4 <= E1000.windowSize })
    #expect(RegisterDefinition.all.allSatisfy { !$0.section.isEmpty })
  }

  @Test("the ledger gets every register by the manual's name")
  func ledgerNames() {
    let map = rig.nic.windows[0].registers
    for place in Place.all {
      let name = map.registers[map.number(at: UInt64(place.offset))].name
      #expect(name.hasPrefix(place.definition.name), "\(place.testDescription) is called \(name)")
    }
    let named = { (offset: UInt64) in map.registers[map.number(at: offset)].name }
    #expect(named(0x3818) == "TDT")
    #expect(named(0x5200) == "MTA" && named(0x53fc) == "MTA")
    #expect(named(0x5400) == "RAL0" && named(0x547c) == "RAH15")
    #expect(named(0x57fc) == "VFTA" && named(0x1_f000) == "(other)")
  }

  @Test("every register has its value after power-on")
  func powerOn() {
    for place in Place.all {
      let expected = place.definition.access == .writeOnly ? 0 : place.reset
      #expect(rig.read(place.offset) == expected, "\(place.testDescription)")
    }
  }

  @Test("CTRL.RST puts every register back, and clears itself")
  func reset() {
    for place in Place.all {
      rig.nic.registers[place.offset] = 0xa5a5_a5a5
    }
    rig.write(Offset.ctrl, 1 << 26)
    powerOn()
  }

  @Test("a register takes the bits of its mask and keeps the others")
  func masks() {
    for place in Place.holding {
      let before = rig.read(place.offset)
      let mask = place.definition.writable
      for value: UInt32 in [0, ~0, 0x5555_5555, 0xaaaa_aaaa, 0x8000_0001, 0] {
        rig.write(place.offset, value)
        #expect(
          rig.read(place.offset) == before & ~mask | value & mask, "\(place.testDescription) = \(hex(value))")
      }
    }
  }

  @Test("read-only registers and statistics take nothing")
  func readOnly() {
    for place in Place.all where place.definition.access != .readWrite {
      guard place.definition.access != .writeOnly else { continue }
      rig.write(place.offset, ~0)
      #expect(rig.read(place.offset) == place.reset, "\(place.testDescription)")
    }
  }

  @Test("a statistic is cleared by reading it, a wide one by reading its upper half")
  func clearOnRead() {
    for place in Place.all {
      switch place.definition.access {
      case .clearOnRead:
        rig.nic.registers[place.offset] = 77
        #expect([rig.read(place.offset), rig.read(place.offset)] == [77, 0], "\(place.testDescription)")
      case .clearOnReadWithLowerHalf:
        rig.nic.registers[pair: place.offset - 4] = 0x0000_0009_0000_0008
        #expect([rig.read(place.offset - 4), rig.read(place.offset - 4)] == [8, 8])
        #expect([rig.read(place.offset), rig.read(place.offset)] == [9, 0])
        #expect(rig.read(place.offset - 4) == 0)
      default: break
      }
    }
  }

  @Test("statistics stick at all ones")
  func sticking() {
    rig.nic.registers[Offset.gptc] = ~0 - 1
    for _ in 0..<3 { rig.nic.registers.count(Offset.gptc) }
    #expect(rig.read(Offset.gptc) == ~0)
    rig.nic.registers[pair: Offset.gotcl] = ~0 - 1
    rig.nic.registers.countOctets(Offset.gotcl, 1000)
    #expect(rig.read(Offset.gotcl) == ~0 && rig.read(Offset.gotcl + 4) == ~0)
  }

  @Test("ICS is write-only, IMS only sets and IMC only clears")
  func interruptMask() {
    rig["IMS"] = 0xffff_ffff
    #expect(rig["IMS"] == Cause.all)
    rig["IMS"] = 0
    #expect(rig["IMS"] == Cause.all)
    rig["IMC"] = Cause.rxt0
    #expect(rig["IMS"] == Cause.all & ~Cause.rxt0 && rig["IMC"] == 0 && rig["ICS"] == 0)
  }
}

@Suite("Accesses to registers of all widths")
struct AccessTests {
  let rig = Rig()

  @Test("reads of any width and alignment give the bytes of the registers", arguments: [1, 2, 4, 8])
  func lanes(size: Int) {
    for offset in Offset.ral0 - 16..<Offset.ral0 + 48 {
      let bytes = (0..<size).map { index in
        UInt64(rig.read((offset + index) & ~3) >> UInt32(8 * ((offset + index) & 3)) & 0xff)
      }
      let expected = bytes.reversed().reduce(0) { $0 << 8 | $1 }
      #expect(rig.nic.read(Access(offset: offset, size: size)) == expected)
    }
  }

  @Test("a narrow read of ICR acknowledges all of it")
  func narrowICR() {
    rig["ICS"] = Cause.rxt0 | Cause.txdLow
    #expect(rig.nic.read(Access(offset: Offset.icr, size: 1)) == UInt64(Cause.rxt0))
    #expect(rig["ICR"] == 0)
  }

  @Test(
    "writes that are not 32 bits wide and aligned are ignored and said",
    arguments: [(0, 1), (0, 2), (1, 4), (2, 2), (3, 1), (3, 8), (4, 8)])
  func narrowWrites(shift: Int, size: Int) {
    let before = (0..<4).map { rig.read(Offset.mta + 4 * $0) }
    let access = Access(offset: Offset.mta + shift, size: size)
    rig.nic.write(access, access.ones)
    #expect((0..<4).map { rig.read(Offset.mta + 4 * $0) } == before)
    #expect(rig.faults.count == 1)
  }

  @Test("an aligned write of 64 bits fills a register pair")
  func pairWrite() {
    rig.nic.write(Access(offset: Offset.ral0 + 8, size: 8), 0x8000_6655_4433_2211)
    #expect(rig.read(Offset.ral0 + 8) == 0x4433_2211 && rig.read(Offset.rah0 + 8) == 0x8000_6655)
    #expect(rig.faults.isEmpty)
  }

  @Test("where no register lies, reads give zero and writes are said")
  func absent() {
    for offset in [0x0004, 0x00c, 0x4024, 0x5804, 0xa000, 0x1_0000, 0x1_fffc] {
      #expect(rig.read(offset) == 0)
      rig.write(offset, 1)
    }
    #expect(rig.faults.count == 7)
    #expect(rig.faults[0] == "write of 0x1 to 0x4: no register there")
  }

  @Test("what is not modelled is said once for each register")
  func unmodelled() {
    for _ in 0..<3 { rig["WUFC"] = 0 }
    #expect(rig.faults.isEmpty, "zero asks for nothing")
    for _ in 0..<3 {
      rig["WUFC"] = 2
      rig["RCTL"] = 1 << 25
    }
    #expect(rig.faults.count == 2)
    #expect(rig.faults[0] == "WUFC = 0x2: nothing wakes")
    #expect(rig["WUFC"] == 2)
  }
}
