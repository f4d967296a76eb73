import TestSupport
import Testing

@testable import VMM

/// HLT and interrupts where no interrupt controller is in the kernel.
@Suite(.requiresKVM) struct HaltTests {
  private let controller = FakeInterruptController()

  private var configuration: MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.interruptControllers = .none
    return configuration
  }

  /// A real-mode guest whose handlers of vectors 0x20 and 0x21 add 1 and 16 to the byte at 0x3000.
  private func guest(_ code: [UInt8]) throws -> FlatGuest {
    let guest = try FlatGuest(code, configuration: configuration, interrupts: controller)
    guest.load([0x80, 0x06, 0x00, 0x30, 0x01, 0xcf], at: 0x2000)  // add byte [0x3000], 1; iret
    guest.load([0x80, 0x06, 0x00, 0x30, 0x10, 0xcf], at: 0x2100)  // add byte [0x3000], 16; iret
    guest.setVector(0x20, to: 0x2000)
    guest.setVector(0x21, to: 0x2100)
    return guest
  }

  @Test func `with interrupts off the run is over`() throws {
    let guest = try guest([0xfa, 0xf4])  // cli; hlt
    #expect(try guest.run([guest.debugExit()]) == .halted)
    #expect(guest.exits(.hlt) == 1)
  }

  @Test func `where nothing can raise an interrupt the run is over with interrupts on, too`() throws {
    let guest = try FlatGuest(
      [0xfb, 0xf4, 0xb0, 0x01, 0xe6, 0xf4],  // sti; hlt; mov al, 1; out 0xf4, al
      configuration: configuration)
    #expect(try guest.run([guest.debugExit()]) == .halted)
  }

  @Test func `an interrupt waits until the guest takes interrupts, and reaches its handler`() throws {
    let guest = try guest([
      0xe6, 0x80,  // out 0x80, al: the device raises
      0x90, 0x90, 0x90,  // nop
      0xa0, 0x00, 0x30, 0xa2, 0x01, 0x30,  // mov al, [0x3000]; mov [0x3001], al
      0xfb,  // sti
      0x80, 0x3e, 0x00, 0x30, 0x11,  // cmp byte [0x3000], 0x11
      0x75, 0xf9,  // jne to the cmp
      0xa0, 0x01, 0x30, 0xe6, 0xf4,  // mov al, [0x3001]; out 0xf4, al
    ])
    let port = device(.port, base: 0x80, count: 1)
    port.onWrite = { [controller] _ in
      controller.raise(0x20)
      controller.raise(0x21)
    }
    #expect(try guest.run(port) == .exited(status: 0))
    #expect(guest.word(UInt8.self, at: 0x3000) == 0x11)
    #expect(guest.exits(.irqWindowOpen) >= 1)
  }

  @Test func `an interrupt from another thread wakes a guest that sleeps`() throws {
    let guest = try guest([
      0xe6, 0x80,  // out 0x80, al: another thread will raise, once the guest sleeps
      0xfb, 0xf4,  // sti; hlt
      0xfa,  // cli
      0xa0, 0x00, 0x30, 0xe6, 0xf4,  // mov al, [0x3000]; out 0xf4, al
    ])
    let port = device(.port, base: 0x80, count: 1)
    port.onWrite = { [controller] _ in
      // The first look is before the guest goes on, the second after its HLT.
      controller.onLook(2) { onThread { controller.raise(0x21) } }
    }
    #expect(try guest.run(port) == .exited(status: 16))
    #expect(guest.exits(.hlt) == 1)
  }

  @Test func `an interrupt that is there already does not let the guest sleep`() throws {
    let guest = try guest([
      0xe6, 0x80,  // out 0x80, al: raised as soon as the guest has halted
      0xfb, 0xf4,  // sti; hlt
      0xfa,  // cli
      0xa0, 0x00, 0x30, 0xe6, 0xf4,  // mov al, [0x3000]; out 0xf4, al
    ])
    let port = device(.port, base: 0x80, count: 1)
    port.onWrite = { [controller] _ in controller.onLook(2) { controller.raise(0x20) } }
    #expect(try guest.run(port) == .exited(status: 1))
  }

  @Test func `the time limit ends a guest asleep in HLT`() throws {
    let guest = try guest([0xfb, 0xf4])  // sti; hlt
    #expect(try guest.run([], limit: .milliseconds(200)) == .timeLimit)
    #expect(guest.exits(.hlt) == 1)
  }

  @Test func `without a LAPIC there is one CPU`() {
    var configuration = configuration
    configuration.cpus = 2
    #expect(throws: MachineError.self) { try FlatGuest([], configuration: configuration) }
  }
}
