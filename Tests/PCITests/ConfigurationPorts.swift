import KVM
import VMM

@testable import PCI

/// A guest's way to configuration space: the two ports of mechanism #1.
struct ConfigurationPorts {
  let placer = RecordingPlacer()
  let host: PCIHost

  init() {
    host = PCIHost(placer: placer)
  }

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

/// Remembers what was to be moved, and says what it is told to say.
final class RecordingPlacer: WindowPlacer, @unchecked Sendable {
  var places: [(window: Int, base: UInt64?)] = []
  var answer: [String] = []

  override func place(_ index: Int, of device: Device, at base: UInt64?) -> [String] {
    places.append((index, base))
    return answer
  }
}

/// A NIC with a window of each kind, INTA#, MSI and three messages of MSI-X.
final class TestNIC: Device, PCIDevice, @unchecked Sendable {
  let function: PCIFunction
  let wire = InterruptLine()
  let message: RecordingMessage
  let messages: [RecordingMessage]
  var mastered = 0

  init(message: RecordingMessage = RecordingMessage()) {
    self.message = message
    let names = RegisterMap([])
    let windows = [
      Window(.memory, base: 0xfebc_0000, count: 128 << 10, registers: names, isMovable: true),
      Window(.port, base: 0xc000, count: 64, registers: names, isMovable: true),
      Window(.memory, base: 0xfebe_0000, count: 0x4000, registers: names, isMovable: true),
      Window(.memory, base: 0xfebf_0000, count: MSIXTable.windowCount, registers: names, isMovable: true),
    ]
    messages = (0..<3).map { _ in RecordingMessage() }
    function = PCIFunction(
      name: "nic", vendor: 0x8086, device: 0x100e, revision: 3, classCode: 0x02_00_00,
      subsystem: (0x8086, 0x001e),
      bars: [
        PCIBaseAddress(0, window: 0, of: windows), PCIBaseAddress(1, window: 1, of: windows),
        PCIBaseAddress(2, window: 2, of: windows, is64Bit: true), PCIBaseAddress(4, window: 3, of: windows),
      ],
      capabilities: [PCICapability(id: 0x09, body: [8, 1, 2, 3, 4, 5], writable: [0, 0, 0xf0])],
      interrupt: wire, interruptLine: 11, msi: MSI(message), msix: MSIXTable(messages, bar: 4))
    super.init(name: "nic", windows: windows)
  }

  func busMasteringBegan() { mastered += 1 }

  func raise(_ asserted: Bool) { exclusively { function.pin.set(asserted) } }

  override func read(_ access: Access) -> UInt64 { function.msix!.read(access) }
  override func write(_ access: Access, _ value: UInt64) { function.msix!.write(access, value) }
}

/// A message that goes nowhere.
class RecordingMessage: MessageInterrupt, @unchecked Sendable {
  private(set) var routed: Message?
  private(set) var delivered: [Message?] = []

  override func lead(to message: Message?) throws(KVMError) { routed = message }
  override func deliver() { delivered.append(routed) }
}
