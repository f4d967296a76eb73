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
  public static let binaryStatistics = Capability("KVM_CAP_BINARY_STATS_FD", KVM_CAP_BINARY_STATS_FD)
}
