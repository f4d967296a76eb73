import KVM

/// A capability that matters here: what it serves, and how its number reads.
struct CapabilityEntry {
  let capability: Capability
  private let serves: String
  /// The version of Linux that brought it to x86, where younger than any that is still met.
  let since: String?
  private let reading: @Sendable (Int) -> String
  private let bits: [String]

  private init(
    _ capability: Capability, since: String? = nil, _ serves: String, bits: [String] = [],
    reading: @escaping @Sendable (Int) -> String = { _ in "yes" }
  ) {
    self.capability = capability
    self.serves = serves
    self.since = since
    self.bits = bits
    self.reading = reading
  }

  /// `KVM_CAP_` is in every name and would be on every line.
  var name: String { String(capability.name.trimmingPrefix("KVM_CAP_")) }

  /// KVM's answer, in a word.
  func value(_ answer: Int) -> String {
    if answer == 0 { return "no" }
    return bits.isEmpty ? reading(answer) : "0x" + String(answer, radix: 16)
  }

  /// What it serves, with the names of the bits that KVM answered; bits without a name by their number.
  func meaning(_ answer: Int) -> String {
    guard !bits.isEmpty, answer != 0 else { return serves }
    let set = (0..<Int.bitWidth).filter { answer >> $0 & 1 != 0 }
    return serves + ": " + set.map { $0 < bits.count ? bits[$0] : "bit \($0)" }.joined(separator: ", ")
  }

  static let all = machine + fewerExits + witnesses + memory + time

  private static let number: @Sendable (Int) -> String = { "\($0)" }

  private static let machine = [
    CapabilityEntry(.irqchip, "PIC, IOAPIC and LAPIC in the kernel: HLT and EOI stay there"),
    CapabilityEntry(.splitIRQChip, "the LAPIC alone in the kernel, the rest in user space"),
    CapabilityEntry(.pit2, "the PIT in the kernel"),
    CapabilityEntry(.recommendedVCPUs, "vCPUs that this host runs well", reading: number),
    CapabilityEntry(.maximumVCPUs, "vCPUs of one VM, at most", reading: number),
    CapabilityEntry(.memorySlots, "memory slots of one VM, at most", reading: number),
    CapabilityEntry(.immediateExit, "a vCPU is called back without the race of a signal"),
    CapabilityEntry(.guestDebug, "single steps and breakpoints of a guest"),
    CapabilityEntry(
      .nestedState, since: "4.19", "guests that run guests; bytes of their state", reading: number),
  ]

  private static let fewerExits = [
    CapabilityEntry(.ioEventFD, "a write wakes a thread and the vCPU goes on: no exit to user space"),
    CapabilityEntry(.ioEventFDAnyLength, "the same for a write of any size, which EPT need not decode"),
    CapabilityEntry(.irqFD, "an interrupt injected by a write to an eventfd, without an ioctl"),
    CapabilityEntry(.irqFDResample, "the same for level-triggered interrupts"),
    CapabilityEntry(.signalMSI, "an MSI injected by one ioctl, without a routing table"),
    CapabilityEntry(
      .coalescedMMIO, "writes to memory gather in a ring until another exit", reading: { "page \($0)" }),
    CapabilityEntry(.coalescedPIO, since: "4.20", "the same for writes to ports"),
    CapabilityEntry(.userSpaceMSR, since: "5.10", "accesses to unknown MSRs come to user space"),
    CapabilityEntry(.msrFilter, since: "5.10", "which MSRs come to user space, by a bitmap"),
    CapabilityEntry(
      .disableExits, since: "4.17", "instructions that need not exit",
      bits: ["MWAIT", "HLT", "PAUSE", "CSTATE", "APERFMPERF"]),
    CapabilityEntry(.haltPoll, since: "5.8", "halt_poll_ns for one VM"),
    CapabilityEntry(
      .exitHypercall, since: "5.14", "hypercalls that come to user space",
      bits: (0..<12).map { "number \($0)" } + ["MAP_GPA_RANGE"]),
    CapabilityEntry(
      .synchronizedRegisters, since: "4.17", "shared in kvm_run, so read without an ioctl",
      bits: ["regs", "sregs", "events"]),
    CapabilityEntry(.busLockExit, since: "5.12", "a bus lock of the guest exits"),
    CapabilityEntry(.notifyExit, since: "6.0", "a guest that lets no interrupt through exits"),
  ]

  private static let witnesses = [
    CapabilityEntry(.binaryStatistics, since: "5.14", "KVM's own counters of VMs and vCPUs: a witness")
  ]

  private static let memory = [
    CapabilityEntry(.asyncPageFault, "the guest may run on while the host fetches a page"),
    CapabilityEntry(.readOnlyMemory, "ROM: reads run free, writes exit"),
    CapabilityEntry(
      .dirtyRing, since: "5.11", "dirty pages told in a ring, of this size at most", reading: { bytes($0) }),
    CapabilityEntry(
      .manualDirtyLog, since: "5.2", "a dirty log", bits: ["cleared a part at a time", "all dirty at first"]),
  ]

  private static let time = [
    CapabilityEntry(.tscFrequency, "the TSC's frequency is told: ticks become ns"),
    CapabilityEntry(.tscControl, "a TSC frequency of the guest's own"),
    CapabilityEntry(.tscDeadlineTimer, "a timer set by one write to an MSR"),
  ]
}
