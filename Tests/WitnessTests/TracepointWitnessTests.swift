import CLinux
import TestSupport
import Testing
import VMM

@testable import Witness

struct TracepointWitnessTests {
  private static let ports = TracepointSelection("kvm_pio", "port", in: [0x5f0...0x5f7])

  /// Writes 100 times to port 0x5f0 and then once to 0xf4.
  private static let writer: [UInt8] = [
    0xba, 0xf0, 0x05,  // mov dx, 0x5f0
    0xb9, 0x64, 0x00,  // mov cx, 100
    0xee,  // out dx, al
    0xe2, 0xfd,  // loop to the out
    0xe6, 0xf4,  // out 0xf4, al
  ]

  private func runWriter() throws {
    let guest = try FlatGuest(Self.writer)
    let exit = RecordingDevice(
      name: "debug-exit", windows: [Window(.port, base: 0xf4, count: 1, registers: RegisterMap([]))])
    let control = guest.machine.control
    exit.onWrite = { _ in control.stop(.exited(status: 0)) }
    #expect(try guest.run([exit]) == .exited(status: 0))
  }

  @Test(.requiresKVM) func `the filters let through what they say, and other machines are not counted`()
    throws
  {
    let writes = TracepointSelection("kvm_pio", "rw == 1")
    let all = TracepointSelection("kvm_pio")
    let none = TracepointSelection("kvm_pio", "port", in: [0x1000...0x1fff])
    // A machine of another thread's, which goes on meanwhile.
    let other = try FlatGuest([0xe6, 0x80, 0xeb, 0xfc])  // out 0x80, al; again
    try other.start([])
    defer { other.stop() }
    let witness = TracepointWitness([Self.ports, writes, all, none])
    try runWriter()
    do throws(Unavailable) {
      #expect(try witness.count(Self.ports) == 100)
      #expect(try witness.count(writes) == 101)
      #expect(try witness.count(all) == 101)
      #expect(try witness.count(none) == 0)
    } catch {
      #expect(geteuid() != 0, "root can count: \(error)")
    }
  }

  @Test(arguments: [
    TracepointSelection("kvm_no_such_event"), TracepointSelection("kvm_pio", "no_such_field == 1"),
    TracepointSelection("kvm_pio", "port =="),
  ])
  func `what cannot be counted says why, and leaves the others alone`(selection: TracepointSelection) {
    let witness = TracepointWitness([selection, Self.ports])
    do throws(Unavailable) {
      _ = try witness.count(selection)
      Issue.record("counted \(selection)")
    } catch { #expect(!error.reason.isEmpty) }
    if geteuid() == 0, unsafe access("/dev/kvm", F_OK) == 0 {
      let others = try? witness.count(Self.ports)
      #expect(others == 0)
    }
  }

  @Test func `what was not asked for is not counted`() {
    #expect(throws: Unavailable.self) { try TracepointWitness([]).count(Self.ports) }
  }
}
