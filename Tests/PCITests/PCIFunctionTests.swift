import Testing
import VMM

@testable import PCI

@Suite("A PCI function's configuration space")
struct PCIFunctionTests {
  let ports = ConfigurationPorts()
  let function = makeNIC()

  init() {
    ports.host.attach(function, device: 3)
  }

  @Test("identity, class, subsystem and interrupt pin are what they were made with")
  func identity() {
    #expect(ports.read(3, 0x00) == 0x100e_8086)
    #expect(ports.read(3, 0x08) == 0x0200_0003)
    #expect(ports.read(3, 0x2c) == 0x001e_8086)
    #expect(ports.read(3, 0x3c, size: 2) == 0x010b)
    #expect(ports.read(3, 0x0e, size: 1) == 0, "header type 0, one function")
  }

  @Test("only the bits that PCI gives to software can be written")
  func writeMasks() {
    for register in stride(from: 0, to: 256, by: 4) {
      let before = ports.read(3, register)
      let writable: UInt64 =
        switch register {
        case 0x04: 0x0146
        case 0x0c: 0xffff
        case 0x10: 0xfffe_0000
        case 0x3c: 0xff
        default: 0
        }
      ports.write(3, register, 0x0000_0000)
      #expect(ports.read(3, register) == before & ~writable, "register \(register)")
      ports.write(3, register, 0x06ff_ffff | writable)
      #expect(ports.read(3, register) == before & ~writable | writable, "register \(register)")
    }
  }

  @Test("the guest learns a window's size by writing all ones, and can put the address back")
  func sizing() {
    #expect(ports.read(3, 0x10) == 0xfebc_0000)
    ports.write(3, 0x10, 0xffff_ffff)
    let answer = UInt32(ports.read(3, 0x10))
    #expect(~(answer & ~0xf) &+ 1 == 128 << 10)
    ports.write(3, 0x10, 0xfebc_0000)
    #expect(ports.read(3, 0x10) == 0xfebc_0000)
    for register in stride(from: 0x14, to: 0x28, by: 4) {
      ports.write(3, register, 0xffff_ffff)
      #expect(ports.read(3, register) == 0, "no window there")
    }
    #expect(ports.host.faults.lines.isEmpty)
  }

  @Test("a window moved elsewhere is said once, and only when it would answer there")
  func moved() {
    ports.write(3, 0x04, size: 2, 0)
    ports.write(3, 0x10, 0xe000_0000)
    #expect(ports.host.faults.lines.isEmpty, "memory space is disabled")
    ports.write(3, 0x04, size: 2, 2)
    #expect(
      ports.host.faults.lines
        == ["nic: BAR0 moved from 0xfebc0000 to 0xe0000000; it still answers at 0xfebc0000"])
    ports.write(3, 0x10, 0xd000_0000)
    #expect(ports.host.faults.lines.count == 1)
    #expect(ports.read(3, 0x10) == 0xd000_0000, "the register holds what was written")
  }

  @Test("the device sees bus mastering switched")
  func busMaster() {
    #expect(function.isBusMaster)
    ports.write(3, 0x04, size: 1, 0x02)
    #expect(!function.isBusMaster)
    ports.write(3, 0x04, size: 2, 0x06)
    #expect(function.isBusMaster)
  }
}
