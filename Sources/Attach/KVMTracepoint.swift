import HostFacts
import Witness

/// The tracepoints of KVM that tell of exits and of how they were answered, by their names in the subsystem kvm.
enum KVMTracepoint: String, CaseIterable, Sendable {
  /// The hardware left guest mode. VT-x and SVM only.
  case exit = "kvm_exit"
  /// KVM_RUN returned.
  case userSpaceExit = "kvm_userspace_exit"
  /// An access to a port, whoever answers it; one for all items of a REP INS.
  case port = "kvm_pio"
  /// An access to device memory. A read that user space answers comes twice: unsatisfied, and again with its value.
  case memory = "kvm_mmio"
  /// A write to an ioeventfd in memory that was not even decoded. VT-x and SVM only.
  case fastMemory = "kvm_fast_mmio"
  /// An access to an MSR that the kernel answers.
  case msr = "kvm_msr"
  case cpuid = "kvm_cpuid"
  case hypercall = "kvm_hypercall"
  case pageFault = "kvm_page_fault"
  /// An interrupt came into the guest.
  case interrupt = "kvm_inj_virq"
  /// A halt in the kernel ended.
  case halt = "kvm_vcpu_wakeup"

  /// Why it never fires on a kind of host, nil where it does.
  func absence(on host: HostKind) -> String? {
    switch self {
    case .exit where !host.tracesHardwareExits:
      "it never fires on \(host.rawValue), where no exit is the hardware's"
    case .interrupt where host == .pvm: "\(host.rawValue) injects by code of its own, which never fires it"
    default: nil
    }
  }
}
