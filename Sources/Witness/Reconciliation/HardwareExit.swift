import HostFacts

/// Kinds of hardware exits whose number another witness knows as well, as the tracepoint kvm:kvm_exit tells them apart.
///
/// A PVM host has no hardware exits: there the tracepoint never fires.
public enum HardwareExit: String, CaseIterable, Sendable {
  case all, cpuid, hlt, io, msr, hypercall

  /// What selects this kind on a host; nil where it has none.
  public func selection(on host: HostKind) -> TracepointSelection? {
    let codes: [UInt64]
    switch host {
    case .vtx: codes = vtxReasons
    case .svm: codes = svmCodes
    case .pvm, .unknown: return nil
    }
    return self == .all
      ? TracepointSelection("kvm_exit")
      : TracepointSelection("kvm_exit", "exit_reason", in: codes.map { $0...$0 })
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
    }
  }

  /// Intercept exit codes (AMD APM volume 2, appendix C).
  private var svmCodes: [UInt64] {
    switch self {
    case .all: []
    case .cpuid: [0x72]
    case .hlt: [0x78]
    case .io: [0x7b]
    case .msr: [0x7c]
    case .hypercall: [0x81]
    }
  }
}
