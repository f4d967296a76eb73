import Platform
import Testing
import VMM

@Suite("fw_cfg")
struct FirmwareConfigTests {
  private func item(_ key: UInt64, length: Int, of device: FirmwareConfig) -> [UInt8] {
    device.write(Access(offset: 0, size: 2), key)
    return (0..<length).map { _ in device.readPort(1) }
  }

  @Test("signature, interface, memory size and CPUs, little endian, with zeros behind")
  func items() {
    let device = FirmwareConfig(memorySize: 0x1_2345_6000, processorCount: 3)
    #expect(item(0x00, length: 6, of: device) == [UInt8]("QEMU".utf8) + [0, 0])
    #expect(item(0x01, length: 4, of: device) == [1, 0, 0, 0])
    #expect(item(0x03, length: 10, of: device) == [0, 0x60, 0x45, 0x23, 1, 0, 0, 0, 0, 0])
    #expect(item(0x05, length: 4, of: device) == [3, 0, 0, 0])
    #expect(item(0x0f, length: 4, of: device) == [3, 0, 0, 0])
  }

  @Test("every other item is zeros, however long it is read")
  func unknown() {
    let device = FirmwareConfig(memorySize: 1 << 32 - 1, processorCount: 0xffff)
    for key in UInt64(0)...0xffff where ![0x00, 0x01, 0x03, 0x05, 0x0f].contains(key) {
      #expect(item(key, length: 3, of: device) == [0, 0, 0])
    }
    #expect(item(0x00, length: 300, of: device).dropFirst(4).allSatisfy { $0 == 0 })
  }

  @Test("the selector can't be read and the data port takes no writes")
  func directions() {
    let device = FirmwareConfig(memorySize: 1 << 20, processorCount: 1)
    _ = item(0x00, length: 1, of: device)
    #expect(device.read(Access(offset: 0, size: 2)) == 0xffff)
    device.writePort(1, 0x55)
    #expect(device.readPort(1) == UInt8(ascii: "E"))
  }
}
