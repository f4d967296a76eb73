import CLinux
import TestSupport
import Testing
import VMM

@testable import Witness

struct KernelCountsTests {
  @Test func `a tracepoint that no kernel has says so`() {
    do throws(Unavailable) {
      _ = try Tracepoint("kvm", "kvm_no_such_event")
      Issue.record("found")
    } catch {
      #expect(error.reason.contains("kvm:kvm_no_such_event") || error.reason.contains("root"))
    }
  }

  @Test(.requiresKVM) func `the kernel's tracepoints are listed by name, or the reason is given`() {
    do throws(Unavailable) {
      let names = try Tracepoint.names()
      #expect(names.isSuperset(of: ["kvm:kvm_exit", "kvm:kvm_pio", "kvm:kvm_userspace_exit"]))
      #expect(names.allSatisfy { $0.split(separator: ":").count == 2 })
    } catch {
      #expect(geteuid() != 0, "root can look: \(error)")
    }
  }

  @Test(.requiresKVM) func `CPUIDs are counted exactly, or the reason is given`() throws {
    let counts = KernelCounts()
    counts.waitUntilArmed()
    var configuration = MachineConfiguration()
    configuration.threadName = counts.threadName
    let code: [UInt8] = [
      0xb9, 0xf4, 0x01,  // mov cx, 500
      0x51,  // push cx
      0x0f, 0xa2,  // cpuid
      0x59,  // pop cx
      0xe2, 0xfa,  // loop
      0xe6, 0xf4,  // out 0xf4, al
    ]
    let guest = try FlatGuest(code, configuration: configuration)
    let exit = RecordingDevice(
      name: "debug-exit", windows: [Window(.port, base: 0xf4, count: 1, registers: RegisterMap([]))])
    let control = guest.machine.control
    exit.onWrite = { _ in control.stop(.exited(status: 0)) }
    #expect(try guest.run([exit]) == .exited(status: 0))
    switch counts.cpuid {
    case .success(let count): #expect(count == 500)
    case .failure(let why): #expect(geteuid() != 0, "root can count: \(why)")
    }
    #expect((try? counts.hlt(guest.machine).get()) == 0)
  }

  @Test(.requiresKVM) func `CPUIDs of other machines are not counted, whenever the counter is armed`() throws
  {
    let other = try FlatGuest([
      0x0f, 0xa2,  // cpuid
      0xeb, 0xfc,  // again
    ])
    try other.start([])
    defer { other.stop() }
    for _ in 0..<10 {
      let counts = KernelCounts()
      counts.waitUntilArmed()
      if case .success(let count) = counts.cpuid { #expect(count == 0) }
    }
  }
}
