import CLinux
import KVM
import TestSupport
import Testing

@testable import VMM

/// Which exits a machine takes, as its configuration says.
@Suite(.requiresKVM) struct ExitConfigurationTests {
  private func possibleIdleExits() throws -> IdleExits {
    IdleExits(rawValue: UInt64(try System().value(of: .disableExits)))
  }

  @Test(arguments: [IdleExits.mwait, .hlt, .pause, .cstate])
  func `an exit is switched off exactly where KVM says that it can be`(exit: IdleExits) throws {
    var configuration = MachineConfiguration()
    configuration.disabledExits = exit
    if try possibleIdleExits().contains(exit) {
      _ = try FlatGuest([], configuration: configuration)
    } else {
      let error = #expect(throws: MachineError.self) { try FlatGuest([], configuration: configuration) }
      guard case .kvm(let error) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(error.call == "KVM_CAP_X86_DISABLE_EXITS")
      #expect(error.advice.contains("\(exit)"))
    }
  }

  /// Reads IA32_APIC_BASE, which every KVM knows, and ends with 7.
  private static let readAPICBase: [UInt8] = [
    0x66, 0xb9, 0x1b, 0x00, 0x00, 0x00,  // mov ecx, 0x1b
    0x0f, 0x32,  // rdmsr
    0x66, 0xa3, 0x00, 0x30,  // mov [0x3000], eax
    0xb0, 0x07, 0xe6, 0xf4,  // mov al, 7; out 0xf4, al
  ]

  @Test(.requires(.msrFilter), .requires(.userSpaceMSR), arguments: [true, false])
  func `a filtered MSR is a device's, and KVM's without the filter`(isFiltered: Bool) throws {
    var configuration = MachineConfiguration()
    if isFiltered { configuration.filteredMSRs = [0x10...0x1b, 0x5356_4d00...0x5356_4d00] }
    let guest = try FlatGuest(Self.readAPICBase, configuration: configuration)
    let register = device(.msr, base: 0x1b, count: 1)
    register.answer = { _ in 0x1234_5678 }
    #expect(try guest.run(register) == .exited(status: 7))
    #expect(register.records.count == (isFiltered ? 1 : 0))
    #expect((guest.word(UInt32.self, at: 0x3000) == 0x1234_5678) == isFiltered)
  }

  @Test(.requires(.msrFilter)) func `more ranges than a filter takes are an error`() throws {
    var configuration = MachineConfiguration()
    configuration.filteredMSRs = (0..<17).map { $0 * 2...$0 * 2 }
    let error = #expect(throws: MachineError.self) { try FlatGuest([], configuration: configuration) }
    guard case .kvm(let error) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error.errno == E2BIG)
    configuration.filteredMSRs.removeLast()
    _ = try FlatGuest([], configuration: configuration)
  }
}
