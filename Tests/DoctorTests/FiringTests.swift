import CLinux
import KVM
import TestSupport
import Testing
import VMM
import Witness

@testable import Doctor

/// That the doctor speaks the truth of this machine's tracepoints.
struct FiringTests {
  /// Takes 20 interrupts of the PIT through the PIC, halting between them, executes CPUID and ends.
  private static let code: [UInt8] = [
    0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0,  // xor ax, ax; mov ds, ax; mov ss, ax
    0xbc, 0x00, 0x60,  // mov sp, 0x6000
    0xb0, 0x11, 0xe6, 0x20,  // mov al, 0x11; out 0x20, al: initialise the PIC,
    0xb0, 0x20, 0xe6, 0x21,  // vectors from 0x20 on
    0xb0, 0x04, 0xe6, 0x21, 0xb0, 0x01, 0xe6, 0x21,
    0xb0, 0xfe, 0xe6, 0x21,  // the PIT's input alone
    0xb0, 0x34, 0xe6, 0x43, 0xb0, 0x00, 0xe6, 0x40, 0xb0, 0x04, 0xe6, 0x40,  // PIT: every 1024 ticks
    0xc7, 0x06, 0x80, 0x00, 0x44, 0x10,  // mov word [0x80], 0x1044
    0xc7, 0x06, 0x82, 0x00, 0x00, 0x00,  // mov word [0x82], 0
    0xb9, 0x14, 0x00,  // mov cx, 20
    0xfb, 0xf4,  // sti; hlt
    0x83, 0xf9, 0x00,  // cmp cx, 0
    0x7f, 0xf9,  // jg to sti
    0xfa, 0x0f, 0xa2,  // cli; cpuid
    0xe6, 0xf4,  // out 0xf4, al
    0x49, 0xb0, 0x20, 0xe6, 0x20, 0xcf,  // dec cx; mov al, 0x20; out 0x20, al; iret
  ]

  @Test(.requiresKVM, .enabled(if: geteuid() == 0, "counting tracepoints needs root"))
  func `tracepoints that fire here fire, and those that never do stay at 0`() throws {
    let host = Host.examine()
    let thread = "doctor-\(UInt16.random(in: .min ... .max))"
    let names = [
      "kvm_exit", "kvm_entry", "kvm_userspace_exit", "kvm_pio", "kvm_cpuid", "kvm_inj_virq",
      "kvm_vcpu_wakeup",
    ]
    let counters = try names.map {
      ("kvm:\($0)", try TracepointCounter(try Tracepoint("kvm", $0), threadsNamed: thread))
    }
    var configuration = MachineConfiguration()
    configuration.threadName = thread
    let guest = try FlatGuest(Self.code, configuration: configuration)
    let exit = RecordingDevice(
      name: "debug-exit", windows: [Window(.port, base: 0xf4, count: 1, registers: RegisterMap([]))])
    let control = guest.machine.control
    exit.onWrite = { _ in control.stop(.exited(status: 0)) }
    #expect(try guest.run([exit]) == .exited(status: 0))
    for (name, counter) in counters {
      let count = try counter.count()
      let entry = try #require(TracepointEntry.all.first { $0.name == name })
      switch entry.firing(on: host) {
      case .fires: #expect(count > 0, "\(name)")
      case .never: #expect(count == 0, "\(name)")
      case .perhaps: break
      }
    }
  }

  @Test(.requiresKVM) func `this machine's own diagnosis is whole, and looking twice shows the same`() {
    func looks() -> [String] {
      Diagnosis(of: .examine()).findings.map { "\($0.area) \($0.name) \($0.state)" }
    }
    let first = looks()
    #expect(first.count > 50)
    #expect(first == looks())
  }
}
