import HostFacts

/// Parameters of KVM's modules that decide which exits there are and what they cost.
enum ParameterFindings {
  static func all(_ host: Host) -> [Finding] {
    let modules = ["kvm", host.kind.rawValue].filter { host.exists("/sys/module/\($0)/parameters") }
    guard !modules.isEmpty else {
      return host.kind == .unknown && host.obstacle != nil
        ? []
        : [
          .missing(
            .parameters, "parameters", "not told", "/sys/module/kvm/parameters is not there",
            Host.sysfsRemedy)
        ]
    }
    return ParameterEntry.all.filter { modules.contains($0.module) }.compactMap { finding($0, host) }
  }

  private static func finding(_ entry: ParameterEntry, _ host: Host) -> Finding? {
    let path = "/sys/module/\(entry.module)/parameters/\(entry.name)"
    let name = "\(entry.module).\(entry.name)"
    guard host.exists(path) else { return nil }
    guard let value = host.line(path) else { return .fact(.parameters, name, "?", "for root's eyes") }
    switch entry.wish {
    case .on where !isOn(value):
      let parameter = "\(entry.name)=1  # stays off where the CPU lacks it"
      return .wrong(.parameters, name, value, entry.meaning, host.reloading(entry.module, parameter))
    case .off where isOn(value):
      return .wrong(.parameters, name, value, entry.meaning, host.setting(path, to: "N"))
    case .on, .off: return .good(.parameters, name, value, entry.meaning)
    case nil: return .fact(.parameters, name, value, entry.meaning)
    }
  }
}

/// A parameter as modinfo(8) tells of it.
struct ParameterEntry {
  enum Wish { case on, off }

  let module: String
  let name: String
  let meaning: String
  /// How it should be, where that is not a matter of taste.
  let wish: Wish?

  private init(_ module: String, _ name: String, _ meaning: String, _ wish: Wish? = nil) {
    self.module = module
    self.name = name
    self.meaning = meaning
    self.wish = wish
  }

  static let all =
    common + intel + amd
    + [
      ParameterEntry("kvm_pvm", "pvm_emul_batch", "instructions at CPL 0 emulated before interrupts are seen")
    ]

  private static let common = [
    ParameterEntry("kvm", "halt_poll_ns", "ns for which a halted vCPU is awaited awake, at most"),
    ParameterEntry("kvm", "halt_poll_ns_grow", "factor by which that time grows; 0 keeps it at 0"),
    ParameterEntry("kvm", "halt_poll_ns_grow_start", "ns where it starts to grow"),
    ParameterEntry("kvm", "halt_poll_ns_shrink", "divisor by which it shrinks; 0 resets it"),
    ParameterEntry(
      "kvm", "ignore_msrs", "Y hides accesses to unknown MSRs from user space, and the ledger", .off),
    ParameterEntry("kvm", "tdp_mmu", "page faults of several vCPUs are served in parallel"),
    ParameterEntry("kvm", "mmio_caching", "an address known as MMIO exits without a walk of page tables"),
    ParameterEntry(
      "kvm", "nx_huge_pages", "Y splits large pages where code runs: more faults (iTLB multihit)"),
    ParameterEntry(
      "kvm", "eager_page_split", "large pages are split before dirty logging, not at each fault"),
    ParameterEntry("kvm", "enable_pmu", "a guest may have performance counters, which are MSRs that exit"),
    ParameterEntry("kvm", "lapic_timer_advance", "the LAPIC's timer fires early by what an exit takes"),
    ParameterEntry("kvm", "lapic_timer_advance_ns", "ns by which the LAPIC's timer fires early; -1 adapts"),
    ParameterEntry("kvm", "pi_inject_timer", "1 injects timers from another CPU, without an exit"),
    ParameterEntry("kvm", "mitigate_smt_rsb", "Y forbids that HLT, MWAIT and C-state MSRs stop exiting"),
    ParameterEntry("kvm", "force_emulation_prefix", "not 0 lets a guest ask for emulation of an instruction"),
  ]

  private static let intel = [
    ParameterEntry("kvm_intel", "unrestricted_guest", "N emulates real mode", .on),
    ParameterEntry(
      "kvm_intel", "enable_apicv", "the CPU delivers interrupts and takes EOIs without exits", .on),
    ParameterEntry("kvm_intel", "enable_ipiv", "the CPU sends IPIs without exits"),
    ParameterEntry("kvm_intel", "vpid", "TLB entries survive exits", .on),
    ParameterEntry("kvm_intel", "flexpriority", "accesses to the TPR do without exits"),
    ParameterEntry(
      "kvm_intel", "preemption_timer", "the TSC deadline is the CPU's own timer: no host interrupt"),
    ParameterEntry("kvm_intel", "pml", "the CPU logs dirty pages: no fault for each", nil),
    ParameterEntry("kvm_intel", "ple_gap", "cycles between PAUSEs of one loop; 0 lets no PAUSE exit"),
    ParameterEntry("kvm_intel", "ple_window", "cycles that a loop of PAUSE may spin before it exits"),
    ParameterEntry("kvm_intel", "vmentry_l1d_flush", "when the L1 data cache is flushed at VM entry (L1TF)"),
    ParameterEntry("kvm_intel", "nested", "a guest may run guests"),
    ParameterEntry("kvm_intel", "enable_shadow_vmcs", "a nested VMREAD and VMWRITE do without exits"),
  ]

  private static let amd = [
    ParameterEntry("kvm_amd", "avic", "the CPU delivers interrupts and takes EOIs without exits", .on),
    ParameterEntry("kvm_amd", "nrips", "the CPU tells the next RIP: no decoding to skip an instruction", .on),
    ParameterEntry("kvm_amd", "vgif", "a nested STGI and CLGI do without exits"),
    ParameterEntry("kvm_amd", "vls", "a nested VMLOAD and VMSAVE do without exits"),
    ParameterEntry("kvm_amd", "vnmi", "NMIs are injected without a window exit"),
    ParameterEntry("kvm_amd", "tsc_scaling", "a guest's TSC may run at a frequency of its own"),
    ParameterEntry("kvm_amd", "pause_filter_count", "PAUSEs that a loop may spin before it exits"),
    ParameterEntry("kvm_amd", "pause_filter_thresh", "cycles between PAUSEs of one loop"),
    ParameterEntry("kvm_amd", "nested", "a guest may run guests"),
  ]
}
