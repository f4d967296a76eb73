import TestSupport
import Testing

@testable import VMM

/// Bringing vCPUs to a stop, whatever they do.
@Suite(.requiresKVM) struct StoppingTests {
  private func configuration(cpus: Int) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.cpus = cpus
    return configuration
  }

  @Test func `the time limit ends a guest that spins`() throws {
    let guest = try FlatGuest([0xeb, 0xfe])  // jmp $
    #expect(try guest.run([], limit: .milliseconds(200)) == .timeLimit)
  }

  // cli; hlt and sti; hlt; jmp to the hlt
  @Test(arguments: [[0xfa, 0xf4], [0xfb, 0xf4, 0xeb, 0xfd]] as [[UInt8]])
  func `the time limit ends a guest asleep in the kernel`(code: [UInt8]) throws {
    let guest = try FlatGuest(code)
    #expect(try guest.run([], limit: .milliseconds(200)) == .timeLimit)
    #expect(guest.exits(.hlt) == 0)
  }

  @Test func `the time limit ends a vCPU that exits all the time`() throws {
    let guest = try FlatGuest([0xe6, 0x80, 0xeb, 0xfc])  // out 0x80, al; jmp to the out
    let port = device(.port, base: 0x80, count: 1)
    #expect(try guest.run(port, limit: .milliseconds(200)) == .timeLimit)
    #expect(guest.tally(1, isWrite: true).exits == UInt64(port.records.count))
  }

  @Test func `vCPUs that never got a SIPI stop with the others`() throws {
    let guest = try FlatGuest([0xb0, 0x03, 0xe6, 0xf4], configuration: configuration(cpus: 4))
    #expect(try guest.run([guest.debugExit()]) == .exited(status: 3))
    #expect(guest.machine.ledgers.count == 4)
  }

  /// Protected mode: wakes the vCPU with APIC 1, which then enters 0x8000 in real mode. The write that enables
  /// the first local APIC is no formality: without it KVM (Linux 6.18) delivers INIT to nobody.
  private let wakeSecond: [UInt8] = [
    // Spurious-interrupt vector register: enable (Intel SDM vol. 3, 11.9)
    0xc7, 0x05, 0xf0, 0x00, 0xe0, 0xfe, 0xff, 0x01, 0x00, 0x00,  // mov dword [0xfee000f0], 0x1ff
    // Interrupt command register: to APIC 1, INIT, then SIPI with vector 8 (11.6.1)
    0xc7, 0x05, 0x10, 0x03, 0xe0, 0xfe, 0x00, 0x00, 0x00, 0x01,  // mov dword [0xfee00310], 0x01000000
    0xc7, 0x05, 0x00, 0x03, 0xe0, 0xfe, 0x00, 0x45, 0x00, 0x00,  // mov dword [0xfee00300], 0x4500
    0xc7, 0x05, 0x00, 0x03, 0xe0, 0xfe, 0x08, 0x46, 0x00, 0x00,  // mov dword [0xfee00300], 0x4608
  ]

  @Test func `a second vCPU, woken by INIT and SIPI, ends the run while the first spins`() throws {
    let guest = try FlatGuest(
      wakeSecond + [0xeb, 0xfe],  // jmp $
      mode: .protected, configuration: configuration(cpus: 2))
    // mov al, 42; out 0x80, al; out 0xf4, al; jmp $
    guest.load([0xb0, 0x2a, 0xe6, 0x80, 0xe6, 0xf4, 0xeb, 0xfe], at: 0x8000)
    let port = device(.port, base: 0x80, count: 1)
    #expect(try guest.run(port) == .exited(status: 42))
    #expect(port.records == [.init(offset: 0, size: 1, value: 42)])
    // The exit is the second's, and in its ledger alone.
    let line = guest.machine.ledgers[0].layout.sections[0].firstLine + 2 + 1
    #expect(guest.machine.ledgers.map { $0.tally(ofLine: line).exits } == [0, 1])
  }

  @Test func `two vCPUs in one device are counted without loss`() throws {
    // Each writes 300 times, then adds one to [0x3000]; who is last ends the run.
    let work: [UInt8] = [
      0xb9, 0x2c, 0x01,  // mov cx, 300
      0xe6, 0x80,  // out 0x80, al
      0xe2, 0xfc,  // loop to the out
      0xf0, 0xfe, 0x06, 0x00, 0x30,  // lock inc byte [0x3000]
      0x80, 0x3e, 0x00, 0x30, 0x02,  // cmp byte [0x3000], 2
      0x75, 0xfe,  // jne $
      0xb0, 0x09, 0xe6, 0xf4,  // mov al, 9; out 0xf4, al
    ]
    // The same in protected mode, from where the first reaches its local APIC.
    let protected: [UInt8] = [
      0x66, 0xb9, 0x2c, 0x01,  // mov cx, 300
      0xe6, 0x80,  // out 0x80, al
      0x67, 0xe2, 0xfb,  // loop to the out, counting cx
      0xf0, 0xfe, 0x05, 0x00, 0x30, 0x00, 0x00,  // lock inc byte [0x3000]
      0x80, 0x3d, 0x00, 0x30, 0x00, 0x00, 0x02,  // cmp byte [0x3000], 2
      0x75, 0xfe,  // jne $
      0xb0, 0x09, 0xe6, 0xf4,  // mov al, 9; out 0xf4, al
    ]
    let guest = try FlatGuest(
      wakeSecond + protected, mode: .protected, configuration: configuration(cpus: 2))
    guest.load(work, at: 0x8000)
    let port = device(.port, base: 0x80, count: 1)
    #expect(try guest.run(port) == .exited(status: 9))
    #expect(port.records.count == 600)
    let line = guest.machine.ledgers[0].layout.sections[0].firstLine + 2 + 1
    #expect(guest.machine.ledgers.map { $0.tally(ofLine: line).exits } == [300, 300])
  }
}
