import HostFacts
import KVM

/// What KVM says to KVM_CHECK_EXTENSION.
enum CapabilityFindings {
  static func all(_ host: Host) -> [Finding] {
    guard case .success(let answers) = host.kvm else { return [] }
    return CapabilityEntry.all.map { entry in
      let number = answers.capabilities[entry.capability, default: 0]
      let (value, meaning) = (entry.value(number), entry.meaning(number))
      guard number == 0 else {
        return .good(.capabilities, entry.name, value, meaning, number: number)
      }
      return .missing(.capabilities, entry.name, value, meaning, number: 0, remedy(entry, host))
    }
  }

  private static func remedy(_ entry: CapabilityEntry, _ host: Host) -> Remedy {
    if let since = entry.since, !host.isKernel(atLeast: since) {
      return .change("Linux \(since) or later; this is \(host.facts.kernel)")
    }
    switch (entry.capability, host.kind) {
    case (.nestedState, .pvm), (.tscControl, .pvm), (.busLockExit, .pvm), (.notifyExit, .pvm):
      return .none(because: "a matter of hardware virtualisation, which PVM does without")
    case (.nestedState, .vtx), (.nestedState, .svm): return host.reloading(host.kind.rawValue, "nested=1")
    case (.tscControl, _): return .none(because: "the CPU does not scale the TSC")
    case (.busLockExit, _), (.notifyExit, _): return .none(because: "the CPU does not have it")
    default:
      return .change("another kernel: \(host.kind.rawValue) of Linux \(host.facts.kernel) does not offer it")
    }
  }
}
