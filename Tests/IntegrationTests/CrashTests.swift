import HostFacts
import Report
import TestSupport
import Testing
import VMM

@Suite("Guests that end in other ways than by their own status", .requiresKVM)
struct CrashTests {
  @Test("A triple fault is status 33, with the registers and the code bytes")
  func tripleFault() throws {
    let run = try Swiftvmm.boot("builtin:triple-fault")
    #expect((run.status, run.text) == (33, ""))
    let report = try run.report
    #expect(report.exits.byReason == ["shutdown": 1])
    #expect((report.outcome.kind, report.outcome.status) == ("crashed", 33))
    let crash = try #require(report.outcome.crash)
    #expect((crash.vcpu, crash.reason) == (0, "shutdown"))
    guard HostKind.current != .svm else {
      #expect(crash.detail == "triple fault" + Crash.resetNote)
      #expect(crash.registers["RIP"] == "0xfff0")
      #expect(run.errors.contains(Crash.resetNote))
      return
    }
    #expect(crash.detail == "triple fault")
    #expect(crash.registers["RAX"] == "0x3333333333333333")
    #expect(crash.registers["RCX"] == "0xf0f0f0f0f0f0f0f")
    #expect(crash.registers["CS"] == "0x8")
    #expect(crash.code.hasPrefix("0f 0b "))
    #expect(run.errors.contains("RAX    0x3333333333333333"))
    #expect(run.errors.contains("code at RIP: 0f 0b "))
  }

  @Test("What KVM cannot emulate is status 33, with the suberror")
  func internalError() throws {
    let run = try Swiftvmm.boot("builtin:bad-opcode")
    #expect(run.status == 33)
    let report = try run.report
    #expect(report.exits.byReason == ["internal_error": 1])
    let crash = try #require(report.outcome.crash)
    #expect(crash.reason == "internal_error")
    #expect(crash.detail.hasPrefix("KVM internal error, suberror 1 "))
    #expect(crash.registers["RDI"] == "0xbadc0de")
    #expect(crash.code.hasPrefix("f3 0f b8 06 "))
    #expect(run.errors.contains("suberror 1 "))
  }

  @Test("--quiet says in one line how the guest crashed")
  func quietCrash() throws {
    let run = try Swiftvmm.boot("builtin:triple-fault", "--quiet")
    let note = HostKind.current == .svm ? Crash.resetNote : ""
    #expect((run.status, run.errors) == (33, "swiftvmm: triple fault\(note)\n"))
  }

  @Test(
    "The time limit ends a guest in every state, with status 36", arguments: ["cpl3", "cpl0", "hlt"], [1, 2])
  func timeLimit(mode: String, cpus: Int) throws {
    let run = try Swiftvmm.boot("builtin:spin", "mode=\(mode)", "--time-limit", "0.5", "--cpus", "\(cpus)")
    #expect(run.status == 36)
    let report = try run.report
    #expect(report.outcome.kind == "time-limit")
    // Neither spinning nor the kick that ends it is an exit.
    #expect(report.exits.total == 0)
  }

  @Test("HLT with interrupts off, where user space halts, is an end with status 0")
  func haltForGood() throws {
    let run = try Swiftvmm.boot("builtin:spin", "mode=hlt", "--irqchip", "none")
    #expect(run.status == 0)
    #expect(try run.report.outcome.kind == "halted")
    #expect(try run.report.exits.byReason == ["hlt": 1])
  }

  @Test("A reset through the keyboard controller is status 32")
  func reset() throws {
    let run = try FlatImage([0xb0, 0xfe, 0xe6, 0x64]).boot()  // mov al, 0xfe; out 0x64, al
    #expect(run.status == 32)
    #expect(try run.report.outcome.kind == "reset")
  }

  @Test(
    "The guest's own status is the program's, up to 31",
    arguments: [(0, 0), (1, 1), (31, 31), (32, 31), (255, 31)])
  func statuses(written: UInt8, status: Int32) throws {
    let run = try FlatImage([0xb0, written, 0xe6, 0xf4]).boot()  // mov al, written; out 0xf4, al
    #expect(run.status == status)
    #expect(try run.report.device("debug-exit").faults.isEmpty == (written <= 31))
  }
}
