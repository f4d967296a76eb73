import VMM

@testable import PCI

/// A guest's way to configuration space: the two ports of mechanism #1.
struct ConfigurationPorts {
  let host = PCIHost()

  static func address(bus: Int = 0, device: Int, function: Int = 0, register: Int) -> UInt32 {
    0x8000_0000 | UInt32(bus << 16 | device << 11 | function << 8 | register & 0xfc)
  }

  func select(_ address: UInt32) {
    host.write(Access(offset: 0, size: 4), UInt64(address))
  }

  func read(_ device: Int, _ register: Int, size: Int = 4, bus: Int = 0, function: Int = 0) -> UInt64 {
    select(Self.address(bus: bus, device: device, function: function, register: register))
    return host.read(Access(offset: 4 | register & 3, size: size))
  }

  func write(_ device: Int, _ register: Int, size: Int = 4, _ value: UInt64) {
    select(Self.address(device: device, register: register))
    host.write(Access(offset: 4 | register & 3, size: size), value)
  }
}

let nic = PCIMemoryBAR(index: 0, address: 0xfebc_0000, size: 128 << 10)

func makeNIC() -> PCIFunction {
  PCIFunction(
    name: "nic", vendor: 0x8086, device: 0x100e, revision: 3, classCode: 0x02_00_00,
    subsystem: (0x8086, 0x001e), bars: [nic], interruptLine: 11)
}
