import TestSupport
import Testing
import VMM

@testable import PCI

@Suite("A PCI function's configuration space")
struct PCIFunctionTests {
  let ports = ConfigurationPorts()
  let nic = TestNIC()

  init() {
    ports.host.attach(nic, at: 3)
  }

  private var places: [UInt64?] { ports.placer.places.map(\.base) }

  @Test("identity, class, subsystem and interrupt pin are what they were made with")
  func identity() {
    #expect(ports.read(3, 0x00) == 0x100e_8086)
    #expect(ports.read(3, 0x08) == 0x0200_0003)
    #expect(ports.read(3, 0x2c) == 0x001e_8086)
    #expect(ports.read(3, 0x3c, size: 2) == 0x010b)
    #expect(ports.read(3, 0x0e, size: 1) == 0, "header type 0, one function")
  }

  /// What software may write, by double word (PCI 3.0, sections 6.2, 6.8.1 and 6.8.2).
  private static let writable: [Int: UInt64] = [
    0x04: 0x0547, 0x0c: 0xffff, 0x10: 0xfffe_0000, 0x14: 0xffc0, 0x18: 0xffff_c000, 0x1c: 0xffff_ffff,
    0x20: 0xffff_f000, 0x3c: 0xff, 0x44: 0xf0, 0x48: 0x1_0000, 0x4c: 0xffff_fffc,
    0x50: 0xffff_ffff, 0x54: 0xffff, 0x58: 0xc000_0000,
  ]

  @Test("only the bits that PCI gives to software can be written")
  func writeMasks() {
    for register in stride(from: 0, to: 256, by: 4) {
      let before = ports.read(3, register)
      let writable = Self.writable[register] ?? 0
      ports.write(3, register, 0x0000_0000)
      #expect(ports.read(3, register) == before & ~writable, "register \(register)")
      ports.write(3, register, 0x06ff_ffff | writable)
      #expect(ports.read(3, register) == before & ~writable | writable, "register \(register)")
    }
  }

  @Test("whatever is written wherever, read-only bits stay")
  func randomWrites() {
    var random = SplitMix64(seed: 11)
    let before = stride(from: 0, to: 256, by: 4).map { ports.read(3, $0) }
    for _ in 0..<20_000 {
      let size = [1, 2, 4].randomElement(using: &random)!
      let register = Int.random(in: 0..<256 / size, using: &random) * size
      ports.write(3, register, size: size, .random(in: 0 ... .max, using: &random))
    }
    for (index, word) in before.enumerated() {
      let mask = ~(Self.writable[4 * index] ?? 0) & 0xffff_ffff
      #expect(ports.read(3, 4 * index) & mask == word & mask, "register \(4 * index)")
    }
  }

  @Test("the guest learns a window's size by writing all ones, which moves nothing for long")
  func sizing() {
    for (register, address, size) in [(0x10, 0xfebc_0000, 128 << 10), (0x20, 0xfebf_0000, 0x1000)] {
      #expect(ports.read(3, register) == UInt64(address))
      ports.write(3, register, 0xffff_ffff)
      #expect(~(UInt32(ports.read(3, register)) & ~0xf) &+ 1 == UInt32(size))
      ports.write(3, register, UInt64(address))
    }
    #expect(places == [nil, 0xfebc_0000, nil, 0xfebf_0000])
    #expect(ports.read(3, 0x14) == 0xc001)
    ports.write(3, 0x14, 0xffff_ffff)
    #expect(ports.read(3, 0x14) == 0xffc1)
    ports.write(3, 0x24, 0xffff_ffff)
    #expect(ports.read(3, 0x24) == 0, "no window there")
    #expect(ports.host.faults.lines.isEmpty)
  }

  @Test("a register of 64 bits has a size and an address in two halves")
  func sizing64() {
    #expect(ports.read(3, 0x18) == 0xfebe_0004)
    #expect(ports.read(3, 0x1c) == 0)
    ports.write(3, 0x18, 0xffff_ffff)
    ports.write(3, 0x1c, 0xffff_ffff)
    #expect((ports.read(3, 0x1c) << 32 | ports.read(3, 0x18)) & ~0xf == ~0x3fff)
    ports.write(3, 0x04, size: 2, 0)
    ports.write(3, 0x18, 0x4000_0000)
    ports.write(3, 0x1c, 0x12)
    ports.placer.places = []
    ports.write(3, 0x04, size: 2, 2)
    #expect(ports.placer.places.first { $0.window == 2 }?.base == 0x12_4000_0000)
  }

  @Test("windows move with their registers, and with the spaces that the command register opens")
  func moves() {
    ports.write(3, 0x10, 0xe800_0000)
    ports.write(3, 0x14, 0xd000)
    #expect(places == [0xe800_0000, 0xd000])
    #expect(ports.placer.places.map(\.window) == [0, 1])
    ports.write(3, 0x04, size: 2, 1)
    #expect(places.dropFirst(2) == [nil, nil, nil])
    ports.write(3, 0x10, 0xd800_0000)
    #expect(places.count == 5, "memory space is closed")
    ports.write(3, 0x04, size: 2, 3)
    #expect(places.dropFirst(5) == [0xd800_0000, 0xfebe_0000, 0xfebf_0000])
    ports.write(3, 0x04, size: 2, 3)
    ports.write(3, 0x10, 0xd800_0000)
    #expect(places.count == 8, "nothing has changed")
  }

  @Test("what the bus says of a move is said")
  func faults() {
    ports.placer.answer = ["nic lies over RAM"]
    ports.write(3, 0x10, 0x0010_0000)
    #expect(ports.host.faults.lines == ["BAR0: nic lies over RAM"])
  }

  @Test("the device sees bus mastering switched, and is told when it begins")
  func busMaster() {
    #expect(nic.function.isBusMaster)
    ports.write(3, 0x04, size: 1, 0x02)
    #expect(!nic.function.isBusMaster)
    #expect(nic.mastered == 0)
    ports.write(3, 0x04, size: 2, 0x06)
    ports.write(3, 0x04, size: 2, 0x06)
    #expect(nic.function.isBusMaster)
    #expect(nic.mastered == 1)
  }

  @Test("INTA# shows in the status register, and reaches its wire unless it is switched off")
  func pin() {
    nic.raise(true)
    #expect(nic.wire.isAsserted)
    #expect(ports.read(3, 0x06, size: 2) & 8 != 0)
    ports.write(3, 0x04, size: 2, 0x0407)
    #expect(!nic.wire.isAsserted)
    #expect(ports.read(3, 0x06, size: 2) & 8 != 0)
    ports.write(3, 0x04, size: 2, 0x0007)
    #expect(nic.wire.isAsserted)
    ports.write(3, 0x5a, size: 2, 0x8000)
    #expect(!nic.wire.isAsserted, "MSI-X instead")
    ports.write(3, 0x5a, size: 2, 0)
    nic.raise(false)
    #expect(!nic.wire.isAsserted)
    #expect(ports.read(3, 0x06, size: 2) & 8 == 0)
    #expect(nic.function.pin.raised == 1)
  }

  @Test("the list of capabilities ends, and has what the function has")
  func capabilities() {
    #expect(ports.read(3, 0x06, size: 2) & 0x10 != 0)
    #expect(ports.read(3, 0x34, size: 1) == 0x40)
    #expect(ports.read(3, 0x40) == 0x0108_4809)
    #expect(ports.read(3, 0x44) == 0x0504_0302)
    #expect(ports.read(3, 0x48) == 0x0080_5805, "MSI, one message, 64 bits of address")
    #expect(ports.read(3, 0x58) == 0x0002_0011, "MSI-X, three vectors")
    #expect(ports.read(3, 0x5c) == 4)
    #expect(ports.read(3, 0x60) == 0x804)
    #expect(ports.read(0, 0x06, size: 2) & 0x10 == 0, "the host bridge has none")
  }

  @Test("moving while the device interrupts and is read loses nothing", .timeLimit(.minutes(2)))
  func threads() {
    onThreads(2) { [ports, nic] thread in
      for round in 0..<10_000 {
        if thread == 0 {
          ports.host.exclusively {
            ports.write(3, 0x10, UInt64(0xd000_0000 + (round & 7) << 20))
            ports.write(3, 0x04, size: 2, round & 1 == 0 ? 0x0407 : 0x0007)
            _ = ports.read(3, 0x06, size: 2)
          }
        } else {
          nic.raise(round & 1 == 0)
        }
      }
    }
    #expect(nic.function.pin.raised == 5000)
    #expect(!nic.wire.isAsserted)
    #expect(ports.read(3, 0x06, size: 2) == 0x0210)
  }
}
