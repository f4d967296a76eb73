import HostFacts

/// A tracepoint that tells of exits, and on which kinds of host it fires.
struct TracepointEntry {
  enum Firing {
    case fires
    /// Only where something more is so.
    case perhaps(String)
    case never(because: String)
  }

  /// In full: `kvm:kvm_exit`.
  let name: String
  let meaning: String
  private let firing: @Sendable (Host) -> Firing

  func firing(on host: Host) -> Firing { firing(host) }

  private init(
    _ name: String, _ meaning: String, firing: @escaping @Sendable (Host) -> Firing = { _ in .fires }
  ) {
    self.name = name
    self.meaning = meaning
    self.firing = firing
  }

  static let all = exits + accesses + interrupts + rest

  private static let exits = [
    TracepointEntry("kvm:kvm_exit", "each exit, with the hardware's reason", firing: hardware),
    TracepointEntry("kvm:kvm_entry", "each way back into the guest", firing: hardware),
    TracepointEntry("kvm:kvm_userspace_exit", "each return of KVM_RUN, with its reason"),
  ]

  private static let accesses = [
    TracepointEntry("kvm:kvm_pio", "each access to a port, with port, size, count and value"),
    TracepointEntry("kvm:kvm_mmio", "each access to memory without RAM, with address, size and value"),
    TracepointEntry("kvm:kvm_fast_mmio", "an ioeventfd rung without decoding the write", firing: fastMMIO),
    TracepointEntry("kvm:kvm_msr", "each RDMSR and WRMSR that exits, with MSR and value"),
    TracepointEntry("kvm:kvm_cpuid", "each CPUID that KVM answers"),
    TracepointEntry("kvm:kvm_hypercall", "each VMCALL or VMMCALL that KVM answers") { host in
      host.kind == .pvm ? .never(because: "on PVM it goes past KVM, or loops at CPL 0") : .fires
    },
  ]

  private static let interrupts = [
    TracepointEntry("kvm:kvm_inj_virq", "each interrupt given to a vCPU at its entry", firing: injection),
    TracepointEntry("kvm:kvm_inj_exception", "each exception that KVM raises in the guest"),
    TracepointEntry("kvm:kvm_apic_accept_irq", "each interrupt that a LAPIC takes, with its vector"),
    TracepointEntry("kvm:kvm_eoi", "each end of interrupt that exits"),
    TracepointEntry("kvm:kvm_apic", "each access to a LAPIC register that exits"),
    TracepointEntry("kvm:kvm_set_irq", "each change of an input of the interrupt controllers"),
    TracepointEntry("kvm:kvm_msi_set_irq", "each MSI, by irqfd or KVM_SIGNAL_MSI"),
  ]

  private static let rest = [
    TracepointEntry("kvm:kvm_page_fault", "each fault of nested or shadow paging, with address") { host in
      host.kind == .pvm ? .never(because: "on PVM kvmmmu:kvm_mmu_set_spte tells what a fault mapped") : .fires
    },
    TracepointEntry("kvmmmu:kvm_mmu_set_spte", "each page mapped by the shadow MMU") { host in
      host.line("/sys/module/kvm/parameters/tdp_mmu").map(isOn) == true
        ? .perhaps("only where the TDP MMU does not serve the fault") : .fires
    },
    TracepointEntry("kvm:kvm_emulate_insn", "each instruction that KVM emulates"),
    TracepointEntry("kvm:kvm_vcpu_wakeup", "each end of a halt, with the time slept or polled"),
    TracepointEntry("kvm:kvm_halt_poll_ns", "each change of a vCPU's halt polling"),
    TracepointEntry("kvm:kvm_nested_vmexit", "each exit of a guest's guest", firing: nested),
  ]

  @Sendable private static func hardware(_ host: Host) -> Firing {
    host.kind.tracesHardwareExits
      ? .fires : .never(because: "PVM has no exits of the hardware's")
  }

  @Sendable private static func injection(_ host: Host) -> Firing {
    switch host.kind {
    case .pvm: .never(because: "PVM injects without the hardware; kvm_apic_accept_irq tells instead")
    case .vtx where host.line("/sys/module/kvm_intel/parameters/enable_apicv").map(isOn) == true:
      .perhaps("not for what APICv delivers")
    case .svm where host.line("/sys/module/kvm_amd/parameters/avic").map(isOn) == true:
      .perhaps("not for what AVIC delivers")
    default: .fires
    }
  }

  /// An EPT misconfiguration leads to it, and from Linux 7.0 on SVM's nested page fault (commit 01cde4eaaeca).
  @Sendable private static func fastMMIO(_ host: Host) -> Firing {
    switch host.kind {
    case .vtx where host.line("/sys/module/kvm_intel/parameters/ept").map(isOn) == false:
      .never(because: "without EPT every write is decoded")
    case .svm where !host.isKernel(atLeast: "7.0"): .perhaps("on SVM from Linux 7.0 on")
    case .pvm: .never(because: "without nested paging every write is decoded")
    default: .fires
    }
  }

  @Sendable private static func nested(_ host: Host) -> Firing {
    guard host.kind != .pvm else {
      return .never(because: "PVM has no hardware virtualisation to give to a guest")
    }
    let value = host.line("/sys/module/\(host.kind.rawValue)/parameters/nested")
    return value.map(isOn) == false ? .perhaps("with nested=1") : .fires
  }
}
