import KVM
import TestSupport
import Testing
import VMM

@testable import PCI

@Suite("MSI")
struct MSITests {
  let ports = ConfigurationPorts()
  let nic = TestNIC()

  init() {
    ports.host.attach(nic, at: 3)
  }

  /// Where the capability lies.
  private static let control = 0x4a, address = 0x4c, upperAddress = 0x50, data = 0x54

  private func enable(_ isOn: Bool) { ports.write(3, Self.control, size: 2, isOn ? 1 : 0) }

  private func program(_ address: UInt64, data: UInt64) {
    ports.write(3, Self.address, address & 0xffff_ffff)
    ports.write(3, Self.upperAddress, address >> 32)
    ports.write(3, Self.data, size: 2, data)
  }

  private func pulse() {
    nic.raise(true)
    nic.raise(false)
  }

  @Test("a rise of the pin is one message as it was programmed, and the wire stays low")
  func sends() {
    program(0x12_fee0_1000, data: 0x41)
    enable(true)
    pulse()
    nic.raise(true)
    let message = MessageInterrupt.Message(address: 0x12_fee0_1000, data: 0x41)
    #expect(nic.message.delivered == [message, message])
    #expect(!nic.wire.isAsserted && nic.wire.raised == 0)
    #expect(ports.read(3, 0x06, size: 2) & 8 != 0, "the status register shows the level all the same")
  }

  @Test("MSI is off at first: the pin interrupts, and nothing is sent or programmed")
  func off() {
    program(0xfee0_1000, data: 0x41)
    pulse()
    #expect(nic.message.delivered.isEmpty && nic.message.routed == nil)
    #expect(nic.wire.raised == 1)
  }

  @Test("a level that is up when MSI is switched on or off is not lost")
  func switched() {
    nic.raise(true)
    #expect(nic.wire.isAsserted)
    enable(true)
    #expect(!nic.wire.isAsserted && nic.message.delivered.count == 1)
    enable(true)
    #expect(nic.message.delivered.count == 1, "it was told")
    enable(false)
    #expect(nic.wire.isAsserted)
    enable(true)
    #expect(nic.message.delivered.count == 2, "what the handler of the wire has not seen is told again")
  }

  @Test("without bus mastering a level waits, and is told if it is still up when that is back")
  func busMaster() {
    enable(true)
    ports.write(3, 0x04, size: 2, 0x03)
    pulse()
    nic.raise(true)
    #expect(nic.message.delivered.isEmpty && !nic.wire.isAsserted)
    ports.write(3, 0x04, size: 2, 0x07)
    #expect(nic.message.delivered.count == 1)
    #expect(nic.function.interrupts == 1, "the level that came and went reached nobody")
  }

  @Test("what reaches neither a wire nor a LAPIC is no interrupt")
  func counts() {
    ports.write(3, 0x04, size: 2, 0x0407)
    pulse()
    #expect(nic.function.pin.raised == 1 && nic.function.interrupts == 0)
  }

  @Test("a message that was changed while MSI is on goes as it is now, whatever the size of the writes")
  func changed() {
    enable(true)
    for (index, byte) in ([0x00, 0x10, 0xe0, 0xfe] as [UInt64]).enumerated() {
      ports.write(3, Self.address + index, size: 1, byte)
    }
    ports.write(3, Self.data, 0xffff_0043)
    pulse()
    #expect(nic.message.delivered == [.init(address: 0xfee0_1000, data: 0x43)])
  }

  @Test("what the machine does not take is said")
  func refused() {
    var lines: [String] = []
    let nic = TestNIC(message: RefusingMessage())
    nic.function.msi!.onFault = { lines.append($0) }
    let ports = ConfigurationPorts()
    ports.host.attach(nic, at: 3)
    ports.write(3, Self.control, size: 2, 1)
    #expect(lines == ["MSI: KVM_SET_GSI_ROUTING: no such place"])
    nic.raise(true)
    #expect(nic.function.interrupts == 0)
  }

  @Test("messages and the wire are those of a model", arguments: [1, 2, 3] as [UInt64])
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var (isEnabled, isMaster, isDisabled, level) = (false, true, false, false)
    var (wasTold, sent, raised, wasHigh) = (false, 0, 0 as UInt64, false)
    var message = MessageInterrupt.Message(address: 0, data: 0)
    for _ in 0..<5000 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        isEnabled.toggle()
        enable(isEnabled)
      case 1:
        (isMaster, isDisabled) = (.random(using: &random), .random(using: &random))
        ports.write(3, 0x04, size: 2, (isMaster ? 7 : 3) | (isDisabled ? 0x400 : 0))
      case 2:
        message.address = .random(in: 0 ... .max, using: &random) & ~3
        message.data = .random(in: 0...0xffff, using: &random)
        program(message.address, data: UInt64(message.data))
      default:
        level = .random(using: &random)
        nic.raise(level)
      }
      let isTold = level && isEnabled && isMaster
      if isTold && !wasTold {
        sent += 1
        #expect(nic.message.delivered.last == message)
      }
      let isHigh = level && !isEnabled && !isDisabled
      if isHigh && !wasHigh { raised += 1 }
      (wasTold, wasHigh) = (isTold, isHigh)
      #expect(nic.message.delivered.count == sent)
      #expect(nic.wire.isAsserted == isHigh && nic.wire.raised == raised)
    }
  }
}

/// A message that the machine does not take.
private final class RefusingMessage: RecordingMessage, @unchecked Sendable {
  override func lead(to message: Message?) throws(KVMError) {
    throw KVMError("KVM_SET_GSI_ROUTING", errno: 0, advice: "no such place")
  }
}
