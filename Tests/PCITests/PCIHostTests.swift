import TestSupport
import Testing
import VMM

@testable import PCI

@Suite("PCI configuration mechanism #1")
struct PCIHostTests {
  let ports = ConfigurationPorts()

  @Test("the ledger names both ports")
  func registerNames() {
    let window = ports.host.windows[0]
    #expect(window.space == .port && window.base == 0xcf8 && window.count == 8)
    let names = (0..<8).map { window.registers.registers[window.registers.number(at: $0)].name }
    #expect(names[..<4].allSatisfy { $0 == "CONFIG_ADDRESS" })
    #expect(names[4...].allSatisfy { $0 == "CONFIG_DATA" })
  }

  @Test("CONFIG_ADDRESS keeps its defined bits and no others")
  func addressBits() {
    ports.select(0xffff_ffff)
    #expect(ports.host.read(Access(offset: 0, size: 4)) == 0x80ff_fffc)
    ports.select(0x0012_3458)
    #expect(ports.host.read(Access(offset: 0, size: 4)) == 0x0012_3458)
  }

  @Test(
    "narrow accesses to CONFIG_ADDRESS are nobody's", arguments: [(0, 1), (0, 2), (1, 1), (2, 2), (3, 1)])
  func narrowAddress(offset: Int, size: Int) {
    ports.select(0x8000_0000)
    ports.host.write(Access(offset: offset, size: size), 0x55)
    let access = Access(offset: offset, size: size)
    #expect(ports.host.read(access) == access.ones)
    #expect(ports.host.read(Access(offset: 0, size: 4)) == 0x8000_0000)
  }

  @Test("the host bridge is a 440FX at 00:00.0")
  func hostBridge() {
    #expect(ports.read(0, 0x00) == 0x1237_8086)
    #expect(ports.read(0, 0x08) >> 8 == 0x060000)
    #expect(ports.read(0, 0x0c, size: 4) == 0)
  }

  @Test("where nobody is, reads give all ones and writes are lost")
  func absent() {
    ports.host.attach(TestNIC(), at: 3)
    for device in 0..<32 where device != 0 && device != 3 {
      for size in [1, 2, 4] {
        #expect(ports.read(device, 0, size: size) == ~0 >> (64 - 8 * UInt64(size)))
      }
      ports.write(device, 4, 0)
    }
    for function in 1..<8 { #expect(ports.read(3, 0, function: function) == 0xffff_ffff) }
    for bus in [1, 2, 0x80, 0xff] { #expect(ports.read(3, 0, bus: bus) == 0xffff_ffff) }
    #expect(ports.host.faults.lines.isEmpty)
  }

  @Test("with the enable bit off CONFIG_DATA is nobody's")
  func disabled() {
    ports.select(ConfigurationPorts.address(device: 0, register: 0) & 0x7fff_ffff)
    #expect(ports.host.read(Access(offset: 4, size: 4)) == 0xffff_ffff)
  }

  @Test("bytes and words of CONFIG_DATA are the lanes of the double word")
  func lanes() {
    ports.host.attach(TestNIC(), at: 3)
    for register in stride(from: 0, to: 256, by: 4) {
      let whole = ports.read(3, register)
      for lane in 0..<4 {
        #expect(ports.read(3, register + lane, size: 1) == whole >> (8 * UInt64(lane)) & 0xff)
      }
      for lane in 0..<3 {
        #expect(ports.read(3, register + lane, size: 2) == whole >> (8 * UInt64(lane)) & 0xffff)
      }
    }
    #expect(ports.host.read(Access(offset: 7, size: 2)) == 0xffff)
    #expect(ports.host.read(Access(offset: 2, size: 4)) == 0xffff_ffff)
  }

  @Test("a byte written to the interrupt line leaves its neighbours alone")
  func byteWrite() {
    ports.host.attach(TestNIC(), at: 3)
    #expect(ports.read(3, 0x3c) == 0x10b)
    ports.write(3, 0x3c, size: 1, 0x0a)
    ports.write(3, 0x3d, size: 1, 0x0a)
    #expect(ports.read(3, 0x3c) == 0x10a)
  }

  @Test("any access of any size with any value is answered")
  func hostile() {
    ports.host.attach(TestNIC(), at: 3)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let access = Access(offset: .random(in: 0..<8), size: [1, 2, 4].randomElement()!)
      let value = access.ones & .random(in: 0 ... .max, using: &random)
      ports.host.write(access, value)
      #expect(ports.host.read(access) <= access.ones)
    }
    #expect(ports.read(3, 0) == 0x100e_8086)
  }

  @Test("the window of memory has the same registers, each function 4 KiB")
  func memory() {
    ports.host.attach(TestNIC(), at: 3)
    for register in stride(from: 0, to: 256, by: 4) {
      #expect(
        ports.host.read(Access(window: 1, offset: 3 << 15 | register, size: 4)) == ports.read(3, register))
    }
    ports.host.write(Access(window: 1, offset: 3 << 15 | 0x3c, size: 1), 0x07)
    #expect(ports.read(3, 0x3c, size: 1) == 0x07)
    #expect(
      ports.host.read(Access(window: 1, offset: 3 << 15 | 0x100, size: 4)) == 0, "no extended capabilities")
    #expect(
      ports.host.read(Access(window: 1, offset: 3 << 15 | 1 << 12, size: 4)) == 0xffff_ffff, "function 1")
    #expect(ports.host.read(Access(window: 1, offset: 4 << 15, size: 4)) == 0xffff_ffff, "no device")
    let map = ports.host.windows[1].registers
    #expect(map.registers[map.number(at: 3 << 15 | 0x10)].name == "00:03")
    #expect(map.registers[map.number(at: 31 << 15)].name == "00:1f")
  }

  @Test("any access of any size to the window of memory is answered")
  func hostileMemory() {
    ports.host.attach(TestNIC(), at: 3)
    var random = SplitMix64(seed: 3)
    for _ in 0..<20_000 {
      let offset = Int.random(in: 0..<1 << 20, using: &random) & (Bool.random(using: &random) ? ~0 : 0x1_80ff)
      let access = Access(window: 1, offset: offset, size: .random(in: 1...8, using: &random))
      ports.host.write(access, access.ones & .random(in: 0 ... .max, using: &random))
      #expect(ports.host.read(access) <= access.ones)
    }
    #expect(ports.read(3, 0) == 0x100e_8086)
  }
}
