import CKVM

/// Something a KVM can do, by its name in the KVM API documentation (KVM_CHECK_EXTENSION).
public struct Capability: Hashable, Sendable {
  /// The name in full: `KVM_CAP_IRQCHIP`.
  public let name: String
  /// The number that KVM knows it by.
  public let number: Int32

  init(_ name: String, _ number: Int32) {
    self.name = name
    self.number = number
  }

  public static let irqchip = Capability("KVM_CAP_IRQCHIP", KVM_CAP_IRQCHIP)
  public static let userMemory = Capability("KVM_CAP_USER_MEMORY", KVM_CAP_USER_MEMORY)
  public static let setTSSAddress = Capability("KVM_CAP_SET_TSS_ADDR", KVM_CAP_SET_TSS_ADDR)
  public static let extendedCPUID = Capability("KVM_CAP_EXT_CPUID", KVM_CAP_EXT_CPUID)
  public static let coalescedMMIO = Capability("KVM_CAP_COALESCED_MMIO", KVM_CAP_COALESCED_MMIO)
  public static let pit2 = Capability("KVM_CAP_PIT2", KVM_CAP_PIT2)
  public static let setIdentityMapAddress = Capability(
    "KVM_CAP_SET_IDENTITY_MAP_ADDR", KVM_CAP_SET_IDENTITY_MAP_ADDR)
  public static let tscFrequency = Capability("KVM_CAP_GET_TSC_KHZ", KVM_CAP_GET_TSC_KHZ)
  public static let maximumVCPUs = Capability("KVM_CAP_MAX_VCPUS", KVM_CAP_MAX_VCPUS)
  public static let immediateExit = Capability("KVM_CAP_IMMEDIATE_EXIT", KVM_CAP_IMMEDIATE_EXIT)
  public static let coalescedPIO = Capability("KVM_CAP_COALESCED_PIO", KVM_CAP_COALESCED_PIO)
  public static let userSpaceMSR = Capability("KVM_CAP_X86_USER_SPACE_MSR", KVM_CAP_X86_USER_SPACE_MSR)
  public static let ioEventFD = Capability("KVM_CAP_IOEVENTFD", KVM_CAP_IOEVENTFD)
  public static let irqFD = Capability("KVM_CAP_IRQFD", KVM_CAP_IRQFD)
  public static let irqRouting = Capability("KVM_CAP_IRQ_ROUTING", KVM_CAP_IRQ_ROUTING)
  public static let binaryStatistics = Capability("KVM_CAP_BINARY_STATS_FD", KVM_CAP_BINARY_STATS_FD)
}

/// Those that serve a measurement, or a way to fewer exits.
extension Capability {
  public static let recommendedVCPUs = Capability("KVM_CAP_NR_VCPUS", KVM_CAP_NR_VCPUS)
  public static let memorySlots = Capability("KVM_CAP_NR_MEMSLOTS", KVM_CAP_NR_MEMSLOTS)
  public static let guestDebug = Capability("KVM_CAP_SET_GUEST_DEBUG", KVM_CAP_SET_GUEST_DEBUG)
  public static let ioEventFDAnyLength = Capability(
    "KVM_CAP_IOEVENTFD_ANY_LENGTH", KVM_CAP_IOEVENTFD_ANY_LENGTH)
  public static let asyncPageFault = Capability("KVM_CAP_ASYNC_PF", KVM_CAP_ASYNC_PF)
  public static let tscControl = Capability("KVM_CAP_TSC_CONTROL", KVM_CAP_TSC_CONTROL)
  public static let tscDeadlineTimer = Capability("KVM_CAP_TSC_DEADLINE_TIMER", KVM_CAP_TSC_DEADLINE_TIMER)
  public static let signalMSI = Capability("KVM_CAP_SIGNAL_MSI", KVM_CAP_SIGNAL_MSI)
  public static let readOnlyMemory = Capability("KVM_CAP_READONLY_MEM", KVM_CAP_READONLY_MEM)
  public static let irqFDResample = Capability("KVM_CAP_IRQFD_RESAMPLE", KVM_CAP_IRQFD_RESAMPLE)
  public static let splitIRQChip = Capability("KVM_CAP_SPLIT_IRQCHIP", KVM_CAP_SPLIT_IRQCHIP)
  public static let disableExits = Capability("KVM_CAP_X86_DISABLE_EXITS", KVM_CAP_X86_DISABLE_EXITS)
  public static let synchronizedRegisters = Capability("KVM_CAP_SYNC_REGS", KVM_CAP_SYNC_REGS)
  public static let nestedState = Capability("KVM_CAP_NESTED_STATE", KVM_CAP_NESTED_STATE)
  public static let manualDirtyLog = Capability(
    "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2", KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2)
  public static let haltPoll = Capability("KVM_CAP_HALT_POLL", KVM_CAP_HALT_POLL)
  public static let msrFilter = Capability("KVM_CAP_X86_MSR_FILTER", KVM_CAP_X86_MSR_FILTER)
  public static let dirtyRing = Capability("KVM_CAP_DIRTY_LOG_RING", KVM_CAP_DIRTY_LOG_RING)
  public static let busLockExit = Capability("KVM_CAP_X86_BUS_LOCK_EXIT", KVM_CAP_X86_BUS_LOCK_EXIT)
  public static let exitHypercall = Capability("KVM_CAP_EXIT_HYPERCALL", KVM_CAP_EXIT_HYPERCALL)
  public static let notifyExit = Capability("KVM_CAP_X86_NOTIFY_VMEXIT", KVM_CAP_X86_NOTIFY_VMEXIT)
}
