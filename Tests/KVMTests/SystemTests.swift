import CKVM
import CLinux
import TestSupport
import Testing

@testable import KVM

/// Opening /dev/kvm, and what is said where that fails.
@Suite struct SystemTests {
  @Test func `a path that is not there is named, with what to do about it`() {
    let path = "/dev/no such kvm"
    let error = #expect(throws: KVMError.self) { _ = try System(path: path) }
    #expect(error?.call == path)
    #expect(error?.errno == ENOENT)
    #expect(error?.advice.contains("virtualisation") == true)
  }

  @Test func `a device that is no KVM does not speak the API`() {
    let advice = "/dev/null is not KVM: load kvm_intel or kvm_amd anew"
    let error = KVMError("KVM_GET_API_VERSION", errno: ENOTTY, advice: advice)
    #expect(throws: error) { _ = try System(path: "/dev/null") }
  }

  @Test func `what cannot be opened for writing is refused with the kernel's word`() {
    let error = #expect(throws: KVMError.self) { _ = try System(path: "/") }
    #expect(error?.call == "/")
    #expect(error?.errno == EISDIR)
  }

  /// The numbers of Documentation/virt/kvm/api.rst, which are ABI, by hand.
  @Test(
    arguments: [
      (Capability.irqchip, 0, "KVM_CAP_IRQCHIP"), (.userMemory, 3, "KVM_CAP_USER_MEMORY"),
      (.setTSSAddress, 4, "KVM_CAP_SET_TSS_ADDR"), (.extendedCPUID, 7, "KVM_CAP_EXT_CPUID"),
      (.coalescedMMIO, 15, "KVM_CAP_COALESCED_MMIO"), (.pit2, 33, "KVM_CAP_PIT2"),
      (.setIdentityMapAddress, 37, "KVM_CAP_SET_IDENTITY_MAP_ADDR"),
      (.tscFrequency, 61, "KVM_CAP_GET_TSC_KHZ"), (.maximumVCPUs, 66, "KVM_CAP_MAX_VCPUS"),
      (.immediateExit, 136, "KVM_CAP_IMMEDIATE_EXIT"), (.coalescedPIO, 162, "KVM_CAP_COALESCED_PIO"),
      (.userSpaceMSR, 188, "KVM_CAP_X86_USER_SPACE_MSR"), (.binaryStatistics, 203, "KVM_CAP_BINARY_STATS_FD"),
      (.recommendedVCPUs, 9, "KVM_CAP_NR_VCPUS"), (.memorySlots, 10, "KVM_CAP_NR_MEMSLOTS"),
      (.guestDebug, 23, "KVM_CAP_SET_GUEST_DEBUG"), (.irqFD, 32, "KVM_CAP_IRQFD"),
      (.ioEventFD, 36, "KVM_CAP_IOEVENTFD"), (.asyncPageFault, 59, "KVM_CAP_ASYNC_PF"),
      (.tscControl, 60, "KVM_CAP_TSC_CONTROL"), (.tscDeadlineTimer, 72, "KVM_CAP_TSC_DEADLINE_TIMER"),
      (.synchronizedRegisters, 74, "KVM_CAP_SYNC_REGS"), (.signalMSI, 77, "KVM_CAP_SIGNAL_MSI"),
      (.readOnlyMemory, 81, "KVM_CAP_READONLY_MEM"), (.irqFDResample, 82, "KVM_CAP_IRQFD_RESAMPLE"),
      (.splitIRQChip, 121, "KVM_CAP_SPLIT_IRQCHIP"),
      (.ioEventFDAnyLength, 122, "KVM_CAP_IOEVENTFD_ANY_LENGTH"),
      (.disableExits, 143, "KVM_CAP_X86_DISABLE_EXITS"), (.nestedState, 157, "KVM_CAP_NESTED_STATE"),
      (.manualDirtyLog, 168, "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2"), (.haltPoll, 182, "KVM_CAP_HALT_POLL"),
      (.msrFilter, 189, "KVM_CAP_X86_MSR_FILTER"), (.dirtyRing, 192, "KVM_CAP_DIRTY_LOG_RING"),
      (.busLockExit, 193, "KVM_CAP_X86_BUS_LOCK_EXIT"), (.exitHypercall, 201, "KVM_CAP_EXIT_HYPERCALL"),
      (.notifyExit, 219, "KVM_CAP_X86_NOTIFY_VMEXIT"),
    ] as [(Capability, Int32, String)])
  func `a capability has the number and the name of the KVM API`(
    capability: Capability, number: Int32, name: String
  ) {
    #expect(capability.number == number)
    #expect(capability.name == name)
  }

  @Test(.requiresKVM) func `what a capability is worth is what KVM says, and its absence is an error`() throws
  {
    let system = try System()
    #expect(system.value(of: .userMemory) == 1)
    #expect(system.value(of: .maximumVCPUs) > 1)
    try system.require([.userMemory, .immediateExit])
    // No number this large was ever given out.
    let absent = Capability("KVM_CAP_OF_TOMORROW", .max)
    #expect(system.value(of: absent) == 0)
    #expect(throws: KVMError("KVM_CAP_OF_TOMORROW", errno: 0, advice: "this host's KVM does not have it")) {
      try system.require([.userMemory, absent])
    }
  }

  @Test(.requiresKVM) func `two vCPUs of one index are one too many`() throws {
    let vm = try System().makeVirtualMachine()
    _ = try vm.makeVCPU(0)
    #expect(throws: KVMError("KVM_CREATE_VCPU", errno: EEXIST, advice: "vCPU 0")) { try vm.makeVCPU(0) }
  }
}
