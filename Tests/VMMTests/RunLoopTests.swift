import KVM
import TestSupport
import Testing

@testable import VMM

/// The run loop on real KVM, driven by a few bytes of machine code.
@Suite(.requiresKVM) struct RunLoopTests {
  @Test func `each OUT is one exit, one access and one line`() throws {
    let guest = try FlatGuest([
      0xba, 0xf0, 0x05,  // mov dx, 0x5f0
      0xb9, 0xe8, 0x03,  // mov cx, 1000
      0x88, 0xc8,  // mov al, cl
      0xee,  // out dx, al
      0xe2, 0xfb,  // loop
      0xb0, 0x07, 0xe6, 0xf4,  // mov al, 7; out 0xf4, al
    ])
    let device = device(.port, base: 0x5f0)
    let outcome = try guest.run(device)
    #expect(outcome == .exited(status: 7))
    #expect(device.records.count == 1000)
    #expect(device.records.first == .init(offset: 0, size: 1, value: 1000 & 0xff))
    #expect(guest.tally(1, isWrite: true).exits == 1000)
    #expect(guest.tally(1, isWrite: false).exits == 0)
  }

  @Test func `the guest reads what the device answers`() throws {
    let guest = try FlatGuest([
      0xba, 0xf2, 0x05,  // mov dx, 0x5f2
      0x66, 0xed,  // in eax, dx
      0x66, 0xc1, 0xe8, 0x18,  // shr eax, 24
      0xe6, 0xf4,  // out 0xf4, al
    ])
    let device = device(.port, base: 0x5f0)
    device.answer = { $0.offset == 2 && $0.size == 4 ? 0x0512_3456 : 0 }
    #expect(try guest.run(device) == .exited(status: 5))
  }

  @Test func `a guest finds the change of CPUID that its machine was given`() throws {
    var configuration = MachineConfiguration()
    configuration.cpuid = [
      .init(leaf: 0x4000_0010, register: .ebx, value: 0x6d6d_7673),
      .init(leaf: 1, register: .eax, value: 0x0000_0a0a, mask: 0x0000_0f0f),
    ]
    let guest = try FlatGuest(
      [
        0x66, 0xb8, 0x10, 0x00, 0x00, 0x40,  // mov eax, 0x40000010
        0x66, 0x31, 0xc9,  // xor ecx, ecx
        0x0f, 0xa2,  // cpuid
        0x66, 0x89, 0x1e, 0x00, 0x30,  // mov [0x3000], ebx
        0x66, 0xb8, 0x01, 0x00, 0x00, 0x00,  // mov eax, 1
        0x0f, 0xa2,  // cpuid
        0x66, 0xa3, 0x04, 0x30,  // mov [0x3004], eax
        0xe6, 0xf4,  // out 0xf4, al
      ], configuration: configuration)
    _ = try guest.run([guest.debugExit()])
    #expect(guest.word(UInt32.self, at: 0x3000) == 0x6d6d_7673)
    #expect(guest.word(UInt32.self, at: 0x3004) & 0x0f0f == 0x0a0a)
  }

  @Test func `a guest finds each subleaf of a leaf that was added`() throws {
    var configuration = MachineConfiguration()
    configuration.cpuid = [
      .init(leaf: 0x4000_0010, register: .ebx, value: 0x1111_0000),
      .init(leaf: 0x4000_0010, subleaf: 1, register: .ebx, value: 0x2222_0001),
      .init(leaf: 0x4000_0011, register: .ebx, value: 0x3333_0000),
    ]
    // mov eax, leaf; mov ecx, subleaf; cpuid; mov [place], ebx
    func ask(_ leaf: UInt8, _ subleaf: UInt8, _ place: UInt8) -> [UInt8] {
      [
        0x66, 0xb8, leaf, 0x00, 0x00, 0x40, 0x66, 0xb9, subleaf, 0x00, 0x00, 0x00, 0x0f, 0xa2, 0x66, 0x89,
        0x1e,
        place, 0x30,
      ]
    }
    let guest = try FlatGuest(
      ask(0x10, 0, 0) + ask(0x10, 1, 4) + ask(0x11, 0, 8) + ask(0x11, 7, 12) + [0xe6, 0xf4],  // out 0xf4, al
      configuration: configuration)
    _ = try guest.run([guest.debugExit()])
    #expect(
      [0, 4, 8, 12].map { guest.word(UInt32.self, at: 0x3000 + $0) }
        == [0x1111_0000, 0x2222_0001, 0x3333_0000, 0x3333_0000])
  }

  @Test func `a device may ask for a reset`() throws {
    let guest = try FlatGuest([
      0xb0, 0xfe, 0xe6, 0x64,  // mov al, 0xfe; out 0x64, al
      0xeb, 0xfe,  // jmp $
    ])
    let control = guest.machine.control
    let keyboard = device(.port, base: 0x64, count: 1)
    keyboard.onWrite = { if $0.value == 0xfe { control.stop(.reset) } }
    #expect(try guest.run(keyboard) == .reset)
  }

  @Test func `with the trap of single steps on, each instruction is a debug exit`() throws {
    let guest = try FlatGuest([
      0x90, 0x90, 0x90, 0x90, 0x90,  // nop
      0xb0, 0x07, 0xe6, 0xf4,  // mov al, 7; out 0xf4, al
    ])
    let outcome = try guest.run([guest.debugExit()]) { vcpu throws(KVMError) in try vcpu.setSingleStep(true) }
    #expect(outcome == .exited(status: 7))
    #expect(guest.exits(.debug) == 6)
  }
}
