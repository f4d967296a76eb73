import KVM

extension VirtualMachine {
  /// Chooses the exits that the machine takes, before its first vCPU is made.
  ///
  /// - Throws: ``KVMError`` that names the capability where this host's KVM cannot do what the configuration wants.
  func configureExits(
    _ configuration: MachineConfiguration, on system: borrowing System
  ) throws(KVMError) {
    let wanted = configuration.disabledExits
    if !wanted.isEmpty {
      let possible = IdleExits(rawValue: UInt64(system.value(of: .disableExits)))
      guard possible.isSuperset(of: wanted) else {
        throw KVMError(
          Capability.disableExits.name, errno: 0,
          advice: "this host's KVM can switch off \(possible), not \(wanted.subtracting(possible))")
      }
      try disableExits(wanted)
    }
    if let nanoseconds = configuration.haltPolling {
      try system.require([.haltPoll])
      try setHaltPolling(nanoseconds: nanoseconds)
    }
    let isFiltered = !configuration.filteredMSRs.isEmpty
    if isFiltered {
      try system.require([.msrFilter, .userSpaceMSR])
      try filterMSRs(configuration.filteredMSRs)
    }
    if system.value(of: .userSpaceMSR) != 0 { try exitOnMSRs(filteredToo: isFiltered) }
  }
}
