import KVM
import TestSupport
import Testing

@testable import VMM

/// Model-specific registers that KVM does not know.
@Suite(.requiresKVM, .requires(.userSpaceMSR)) struct MSRTests {
  /// A real-mode guest whose handler of #GP (vector 13) ends the run with 13.
  private func guest(_ code: [UInt8]) throws -> FlatGuest {
    let guest = try FlatGuest(code)
    guest.load([0xb0, 0x0d, 0xe6, 0xf4], at: 0x2000)  // mov al, 13; out 0xf4, al
    guest.setVector(13, to: 0x2000)
    return guest
  }

  @Test func `a device's register is read and written in 64 bits`() throws {
    let guest = try guest([
      0x66, 0xb9, 0x01, 0x4d, 0x56, 0x53,  // mov ecx, 0x53564d01
      0x0f, 0x32,  // rdmsr
      0x66, 0xa3, 0x00, 0x30,  // mov [0x3000], eax
      0x66, 0x89, 0x16, 0x04, 0x30,  // mov [0x3004], edx
      0x66, 0x40,  // inc eax
      0x0f, 0x30,  // wrmsr
      0xb0, 0x07, 0xe6, 0xf4,  // mov al, 7; out 0xf4, al
    ])
    let register = device(.msr, base: 0x5356_4d00, count: 2)
    register.answer = { _ in 0x1234_5678_9abc_def0 }
    #expect(try guest.run(register) == .exited(status: 7))
    #expect(
      register.records == [
        .init(offset: 1, size: 8, value: nil), .init(offset: 1, size: 8, value: 0x1234_5678_9abc_def1),
      ])
    #expect(guest.word(UInt64.self, at: 0x3000) == 0x1234_5678_9abc_def0)
    #expect(guest.tally(1, isWrite: false).exits == 1)
    #expect(guest.tally(1, isWrite: true).exits == 1)
  }

  @Test(arguments: [[0x0f, 0x32], [0x0f, 0x30]] as [[UInt8]])  // rdmsr, wrmsr
  func `nobody's register raises #GP, and is counted where it was`(instruction: [UInt8]) throws {
    let guest = try guest(
      [0x66, 0xb9, 0x05, 0x4d, 0x56, 0x53]  // mov ecx, 0x53564d05
        + instruction
        + [0xb0, 0x07, 0xe6, 0xf4])  // mov al, 7; out 0xf4, al
    #expect(try guest.run(device(.msr, base: 0x5356_4d00, count: 2)) == .exited(status: 13))
    let ledger = guest.machine.ledgers[0]
    let isWrite = instruction[1] == 0x30
    let line = ledger.unclaimedLine(.msr, 0x5356_4d05)
    #expect(ledger.unclaimedLines.count == 3 + 1)
    #expect(ledger.tally(ofLine: line).exits == (isWrite ? 0 : 1))
    #expect(ledger.tally(ofLine: line + 1).exits == (isWrite ? 1 : 0))
  }
}
