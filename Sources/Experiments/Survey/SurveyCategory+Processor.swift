import KVM
import VMM
import Witness

extension SurveyCategory {
  private static let number: UInt64 = 1000

  // MARK: CPUID and MSRs

  private static let cpuid = SurveyTrial.instruction(
    "CPUID", "cpuid", (number, "CPUIDs"), level: 0,
    count: SurveyCount(ledger: .window, witness: .tracepoint("kvm_cpuid"), hardware: .cpuid)
  ).with { $0.price = SurveyPrice(row: "cpuid", level: 0) }

  /// IA32_APIC_BASE, which every KVM knows and no processor gives to a guest.
  private static let apicBase: UInt32 = 0x1b
  /// IA32_KERNEL_GS_BASE, which VT-x and SVM keep for the guest.
  private static let kernelGSBase: UInt32 = 0xc000_0102

  /// An MSR that comes to user space fires no kvm_msr.
  private static func reads(of msr: UInt32) -> SurveyCount {
    SurveyCount(
      ledger: .window,
      witness: .tracepoints([
        TracepointSelection("kvm_msr", "ecx == \(msr)"),
        TracepointSelection("kvm_userspace_exit", "errno == 0 && reason == \(ExitReason.rdmsr.number)"),
      ]), hardware: .msr)
  }

  private static func rdmsr(_ name: String, _ msr: UInt32, price: String?) -> SurveyTrial {
    .instruction(name, "rdmsr", (number, "RDMSRs"), at: UInt64(msr), level: 0, count: reads(of: msr))
      .with { $0.price = price.map { SurveyPrice(row: $0, level: 0) } }
  }

  private static let filteredMSR = rdmsr("MSR access", apicBase, price: "rdmsr-user").with {
    $0.needs = [.capability(.userSpaceMSR), .capability(.msrFilter)]
    $0.device = .msr(apicBase)
    $0.machine = { $0.filteredMSRs = [apicBase...apicBase] }
  }

  // MARK: HLT

  /// In ns, between the timer's interrupts: no less than KVM's module parameter min_timer_period_us, usually 200, and so
  /// long that the vCPU sleeps on slow hosts, too. On an emulated processor a shorter one keeps the kernel busy with the
  /// timer alone.
  private static let period: UInt64 = 1_000_000

  /// - Parameter polling: of KVM before the vCPU's thread sleeps, in ns.
  private static func halts(_ name: String, polling: UInt32) -> SurveyTrial {
    .instruction(
      name, "halt", (number, "HLTs"), at: period,
      count: SurveyCount(ledger: .reason(.hlt), witness: .statistic("halt_exits"), hardware: .hlt)
    ).with {
      $0.place = nil
      $0.needs = [.capability(.haltPoll)]
      $0.machine = { $0.haltPolling = polling }
    }
  }

  static let processor: [SurveyCategory] = [
    SurveyCategory(
      "cpuid", "CPUID", frequency: "low", elimination: "no", [Case(provocation: cpuid, remedies: [])]),
    SurveyCategory(
      "msr", "MSR access", frequency: "medium", elimination: "partly",
      [
        Case(
          provocation: filteredMSR,
          remedies: [
            rdmsr("no filter: KVM answers", apicBase, price: "rdmsr"),
            rdmsr("an MSR of the guest's own", kernelGSBase, price: nil),
          ])
      ]),
    SurveyCategory(
      "hlt", "HLT (idle)", frequency: "low", elimination: "no",
      [
        Case(
          provocation: halts("HLT (idle)", polling: 0).with {
            $0.price = SurveyPrice(row: "hlt-irqfd", level: 0)
          },
          remedies: [
            halts("halt polling", polling: 2_000_000).with { $0.aside = "halt_successful_poll" },
            halts("HLT exits switched off", polling: 0).with {
              $0.needs.append(.idleExits(.hlt))
              $0.machine = { $0.disabledExits = .hlt }
            },
          ])
      ]),
  ]
}
