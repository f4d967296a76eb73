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
