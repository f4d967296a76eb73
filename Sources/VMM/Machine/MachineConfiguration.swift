import KVM

/// What a machine is made of, apart from its devices.
public struct MachineConfiguration: Sendable {
  /// Who models the interrupt controllers.
  public enum InterruptControllers: String, CaseIterable, Sendable {
    /// KVM: PIC, IOAPIC, a LAPIC for each vCPU, PIT. HLT sleeps in the kernel.
    case kernel
    /// Nobody in the kernel: a user-space PIC, one vCPU, no LAPIC. HLT comes back to the VMM.
    case none
  }

  /// A change to what CPUID answers.
  public struct CPUIDChange: Equatable, Sendable {
    public var leaf: UInt32
    public var subleaf: UInt32
    public var register: CPUIDTable.Register
    public var value: UInt32
    /// The bits of the register that change.
    public var mask: UInt32

    public init(
      leaf: UInt32, subleaf: UInt32 = 0, register: CPUIDTable.Register, value: UInt32, mask: UInt32 = ~0
    ) {
      self.leaf = leaf
      self.subleaf = subleaf
      self.register = register
      self.value = value
      self.mask = mask
    }
  }

  /// Number of vCPUs, at least 1.
  public var cpus = 1
  /// RAM in bytes; see ``GuestMemory/init(size:pages:)``.
  public var memory: UInt64 = 64 << 20
  public var interruptControllers = InterruptControllers.kernel
  public var cpuid: [CPUIDChange] = []
  /// Pages of the host that RAM is made of.
  public var pages = GuestMemory.Pages.asUsual
  /// Instructions of an idle processor that do not exit; KVM_CAP_X86_DISABLE_EXITS says which may be here.
  public var disabledExits: IdleExits = []
  /// For how many ns a vCPU that halts looks for its interrupt before its thread sleeps, nil for as long as the host
  /// says. Needs KVM_CAP_HALT_POLL.
  public var haltPolling: UInt32?
  /// MSRs that KVM knows and that come to user space all the same. At most 16 ranges; needs KVM_CAP_X86_MSR_FILTER.
  public var filteredMSRs: [ClosedRange<UInt32>] = []
  /// What the threads of the vCPUs are called, at most 15 bytes.
  public var threadName = "vcpu"

  public init() {}
}
