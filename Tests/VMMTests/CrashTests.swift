import HostFacts
import TestSupport
import Testing

@testable import VMM

/// Guests that cannot go on, and what is said of them.
@Suite(.requiresKVM) struct CrashTests {
  private func crash(_ code: [UInt8], mode: EntryState.Mode) throws -> Crash {
    let guest = try FlatGuest(code, mode: mode)
    let outcome = try guest.run([guest.debugExit()])
    guard case .crashed(let crash) = outcome else {
      Issue.record("\(outcome)")
      throw NoCrash()
    }
    #expect(guest.exits(crash.reason) == 1)
    #expect(crash.vcpu == 0)
    return crash
  }
  private struct NoCrash: Error {}

  private func register(_ name: String, _ crash: Crash) throws -> UInt64 {
    try #require(crash.registers.first { $0.name == name }).value
  }

  @Test func `a triple fault tells its registers and the instruction that began it`() throws {
    let code: [UInt8] = [
      0xb8, 0x44, 0x33, 0x22, 0x11,  // mov eax, 0x11223344
      0xbf, 0x88, 0x77, 0x66, 0x55,  // mov edi, 0x55667788
      0x0f, 0x0b,  // ud2, with an interrupt descriptor table of length 0
    ]
    let crash = try crash(code, mode: .protected)
    #expect(crash.reason == .shutdown)
    #expect(crash.registers.count == 28)
    guard HostKind.current != .svm else {
      #expect(crash.detail == "triple fault" + Crash.resetNote)
      #expect(try register("RIP", crash) == 0xfff0)
      return
    }
    #expect(crash.detail == "triple fault")
    #expect(try register("RAX", crash) == 0x1122_3344)
    #expect(try register("RDI", crash) == 0x5566_7788)
    #expect(try register("RIP", crash) == 0x100a)
    #expect(try register("CS", crash) == 8)
    #expect(try register("CR0", crash) & 1 == 1)
    #expect(crash.code == [0x0f, 0x0b] + Array(repeating: 0, count: 14))
  }

  @Test func `a jump to where nothing is tells KVM's suberror and its data`() throws {
    let crash = try crash(
      [
        0xb8, 0x00, 0x00, 0x00, 0xd0,  // mov eax, 0xd0000000
        0xff, 0xe0,  // jmp eax
      ], mode: .protected)
    #expect(crash.reason == .internalError)
    #expect(crash.detail.hasPrefix("KVM internal error, suberror 1 (KVM could not emulate an instruction)"))
    #expect(crash.detail.contains(", data [0x"))
    #expect(try register("RIP", crash) == 0xd000_0000)
    #expect(crash.code.isEmpty)
  }

  @Test func `the bytes of code end where RAM ends`() throws {
    let guest = try FlatGuest(
      [0x0f, 0x0b, 0x90, 0x90], mode: .protected, at: MachineConfiguration().memory - 4)  // ud2; nop; nop
    guard case .crashed(let crash) = try guest.run([]) else {
      Issue.record("no crash")
      return
    }
    if HostKind.current == .svm { return }  // Where the guest was is not known; see above.
    #expect(crash.code == [0x0f, 0x0b, 0x90, 0x90])
  }
}
