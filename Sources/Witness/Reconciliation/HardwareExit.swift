import HostFacts

/// Kinds of hardware exits, as the tracepoint kvm:kvm_exit tells them apart.
///
/// A PVM host has no hardware exits: there the tracepoint never fires.
public enum HardwareExit: String, CaseIterable, Sendable {
  case all, cpuid, hlt, io, msr, hypercall, controlRegister, memory, pageFault, interrupt

  /// What selects this kind on a host; nil where it has none.
  ///
  /// - Parameter address: of the instruction that exited; nil for any.
  public func selection(on host: HostKind, at address: UInt64? = nil) -> TracepointSelection? {
    let codes: [ClosedRange<UInt64>]
    switch host {
    case .vtx: codes = vtxReasons.map { $0...$0 }
    case .svm: codes = svmCodes
    case .pvm, .unknown: return nil
    }
    let place = address.map { "guest_rip == \($0)" } ?? ""
    return self == .all
      ? TracepointSelection("kvm_exit", place)
      : TracepointSelection("kvm_exit", "exit_reason", in: codes, where: place)
  }

  /// Basic exit reasons (Intel SDM volume 3, appendix C).
  private var vtxReasons: [UInt64] {
    switch self {
    case .all: []
    case .cpuid: [10]
    case .hlt: [12]
    case .io: [30]
    case .msr: [31, 32]
    case .hypercall: [18]
    case .controlRegister: [28]
    case .memory: [48, 49]  // EPT violation; EPT misconfiguration, by which KVM marks MMIO
    case .pageFault: [0]  // and other exceptions
    case .interrupt: [1]
    }
  }

  /// Intercept exit codes (AMD APM volume 2, appendix C).
  private var svmCodes: [ClosedRange<UInt64>] {
    switch self {
    case .all: []
    case .cpuid: [0x72...0x72]
    case .hlt: [0x78...0x78]
    case .io: [0x7b...0x7b]
    case .msr: [0x7c...0x7c]
    case .hypercall: [0x81...0x81]
    case .controlRegister: [0x00...0x1f, 0x65...0x65]
    case .memory: [0x400...0x400]
    case .pageFault: [0x4e...0x4e]
    case .interrupt: [0x60...0x60]
    }
  }
}
