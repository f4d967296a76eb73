import KVM
import TestSupport
import Testing

@testable import VMM

/// Interrupts that are messages, on real machines.
@Suite(.requiresKVM, .requires(.irqRouting)) struct MessageInterruptTests {
  @Test func `KVM takes any message to a LAPIC, as often as it changes, and what is no such is refused`()
    throws
  {
    let machine = try Machine(MachineConfiguration(), on: try System())
    let interrupt = try machine.messageInterrupt()
    interrupt.send()
    var random = SplitMix64(seed: 9)
    for _ in 0..<200 {
      let address = 0xfee0_0000 | UInt64.random(in: 0...0xf_ffff, using: &random)
      try interrupt.route(.init(address: address, data: .random(in: 0 ... .max, using: &random)))
      interrupt.send()
    }
    for address: UInt64 in [0, 0x1000, 0xfed0_0000, 0xfef0_0000, 0x1_fee0_0000, .max] {
      #expect(throws: KVMError.self) { try interrupt.route(.init(address: address, data: 0x40)) }
      interrupt.send()
    }
    try interrupt.route(nil)
    interrupt.send()
  }

  /// Takes interrupts by the x2APIC, writes to port 0x600 and halts.
  private static let code: [UInt8] = [
    0x66, 0xb9, 0x1b, 0x00, 0x00, 0x00,  // mov ecx, IA32_APIC_BASE
    0x0f, 0x32,  // rdmsr
    0x66, 0x0d, 0x00, 0x0c, 0x00, 0x00,  // or eax, EN and EXTD
    0x0f, 0x30,  // wrmsr
    0x66, 0xb9, 0x0f, 0x08, 0x00, 0x00,  // mov ecx, IA32_X2APIC_SIVR
    0x66, 0xb8, 0xff, 0x01, 0x00, 0x00,  // mov eax, enabled
    0x66, 0x31, 0xd2,  // xor edx, edx
    0x0f, 0x30,  // wrmsr
    0xfb,  // sti
    0xba, 0x00, 0x06, 0xee,  // mov dx, 0x600; out dx, al
    0xf4,  // hlt
    0xeb, 0xfd,  // jmp to the hlt
  ]

  @Test(arguments: [false, true]) func `a message sent is an interrupt, without an exit`(isRoutedAnew: Bool)
    throws
  {
    let guest = try FlatGuest(Self.code)
    guest.setVector(0x41, to: 0x2000)
    guest.load([0xb0, 0x07, 0xe6, 0xf4], at: 0x2000)  // mov al, 7; out 0xf4, al
    let interrupt = try guest.machine.messageInterrupt()
    try interrupt.route(.init(address: 0xfee0_0000, data: isRoutedAnew ? 0x40 : 0x41))
    let sender = device(.port, base: 0x600)
    sender.onWrite = { _ in
      if isRoutedAnew { try! interrupt.route(.init(address: 0xfee0_0000, data: 0x41)) }
      interrupt.send()
    }
    #expect(try guest.run(sender) == .exited(status: 7))
    #expect(guest.machine.ledgers[0].exitsByReason.filter { $0.key != .interrupted } == [.io: 2])
  }

  @Test func `there is an end to their number, which is an error`() throws {
    let machine = try Machine(MachineConfiguration(), on: try System())
    for _ in 0..<InterruptRouting.capacity { _ = try machine.messageInterrupt() }
    #expect(throws: KVMError.self) { try machine.messageInterrupt() }
  }

  @Test func `without the in-kernel interrupt controllers there are none`() throws {
    var configuration = MachineConfiguration()
    configuration.interruptControllers = .none
    let machine = try Machine(configuration, on: try System())
    #expect(!machine.hasMessageInterrupts)
    #expect(throws: KVMError.self) { try machine.messageInterrupt() }
  }
}
