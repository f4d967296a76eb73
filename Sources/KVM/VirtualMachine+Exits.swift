import CKVM
import CLinux

/// Instructions of an idle processor that exit so that the host can use it meanwhile (KVM_CAP_X86_DISABLE_EXITS). What
/// KVM says to the capability is the set of those that it can let run in the guest.
public struct IdleExits: OptionSet, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// MONITOR and MWAIT.
  public static let mwait = IdleExits(rawValue: 1 << 0)
  /// HLT: the processor stays the guest's while it sleeps, and an interrupt of the host's wakes both.
  public static let hlt = IdleExits(rawValue: 1 << 1)
  /// PAUSE, in loops that take long.
  public static let pause = IdleExits(rawValue: 1 << 2)
  /// Reads of the C-state residency MSRs.
  public static let cstate = IdleExits(rawValue: 1 << 3)
}

extension IdleExits: CustomStringConvertible {
  /// Their names, `no exits` where there is none.
  public var description: String {
    let names: [(IdleExits, String)] = [
      (.mwait, "MWAIT"), (.hlt, "HLT"), (.pause, "PAUSE"), (.cstate, "C-state"),
    ]
    let contained = names.filter { contains($0.0) }.map(\.1)
    return contained.isEmpty ? "no exits" : contained.joined(separator: ", ") + " exits"
  }
}

/// Which exits a machine takes, and where they are answered.
extension VirtualMachine {
  /// Lets the instructions run in the guest. Before the first vCPU is made.
  public func disableExits(_ exits: IdleExits) throws(KVMError) {
    try enable(.disableExits, exits.rawValue, "KVM_CAP_X86_DISABLE_EXITS")
  }

  /// Lets a vCPU that halts look for its interrupt for so long before its thread sleeps, instead of for as long as the
  /// host's module parameter halt_poll_ns says (KVM_CAP_HALT_POLL). It is still an exit.
  ///
  /// - Parameter nanoseconds: at most; 0 for no look.
  public func setHaltPolling(nanoseconds: UInt32) throws(KVMError) {
    try enable(.haltPoll, UInt64(nanoseconds), "KVM_CAP_HALT_POLL")
  }

  /// Sends the guest's accesses to MSRs that KVM does not know to user space (KVM_CAP_X86_USER_SPACE_MSR), and those that
  /// ``filterMSRs(_:)`` took from it.
  public func exitOnMSRs(filteredToo: Bool) throws(KVMError) {
    let filtered = filteredToo ? CKVM_MSR_EXIT_REASON_FILTER : 0
    try enable(
      .userSpaceMSR, UInt64(CKVM_MSR_EXIT_REASON_UNKNOWN | filtered), "KVM_CAP_X86_USER_SPACE_MSR")
  }

  /// Takes ranges of MSRs from KVM: reads and writes of them are no longer answered in the kernel, nor by the processor
  /// alone (KVM_X86_SET_MSR_FILTER). KVM keeps 0x800–0x8ff, the x2APIC's, whatever the filter says.
  ///
  /// - Parameter ranges: at most 16, each of at most 12288 MSRs; KVM refuses longer ones.
  public func filterMSRs(_ ranges: [ClosedRange<UInt32>]) throws(KVMError) {
    guard ranges.count <= Int(KVM_MSR_FILTER_MAX_RANGES) else {
      throw KVMError("KVM_X86_SET_MSR_FILTER", errno: E2BIG, advice: "it takes 16 ranges")
    }
    var filter = kvm_msr_filter()
    // A bit of 0 denies; everything outside the ranges stays allowed.
    let longest = ranges.map(\.count).max() ?? 0
    var denied = [UInt8](repeating: 0, count: (longest + 7) / 8)
    try unsafe denied.withUnsafeMutableBufferPointer { bitmap throws(KVMError) in
      for (index, range) in ranges.enumerated() {
        unsafe ckvm_filter_ranges(&filter)[index] = kvm_msr_filter_range(
          flags: CKVM_MSR_FILTER_READ_AND_WRITE, nmsrs: UInt32(range.count), base: range.lowerBound,
          bitmap: bitmap.baseAddress)
      }
      _ = try unsafe check(
        ckvm_call_with(descriptor.number, KVM_X86_SET_MSR_FILTER_, &filter), "KVM_X86_SET_MSR_FILTER")
    }
  }

  private func enable(
    _ capability: Capability, _ argument: UInt64, _ name: StaticString
  ) throws(KVMError) {
    var request = kvm_enable_cap()
    request.cap = capability.number.magnitude
    request.args.0 = argument
    _ = try unsafe check(ckvm_call_with(descriptor.number, KVM_ENABLE_CAP_, &request), name)
  }
}
