/// What the kernel does against the CPU's vulnerabilities on the way into a guest and back
/// (Documentation/admin-guide/hw-vuln).
enum MitigationFindings {
  static func all(_ host: Host) -> [Finding] {
    let folder = "/sys/devices/system/cpu/vulnerabilities"
    guard let names = host.names(in: folder) else {
      return [
        .missing(
          .mitigations, "vulnerabilities", "not told", "\(folder) is not there",
          Host.sysfsRemedy)
      ]
    }
    let states = names.map { ($0, host.line("\(folder)/\($0)") ?? "unknown") }
    var findings = states.filter { costs[$0.0] != nil && !isUntouched($0.1) }.map { name, state in
      Finding.fact(.mitigations, name, short(state), isVulnerable(state) ? unmitigated : costs[name])
    }
    let others = states.filter { costs[$0.0] == nil && !isUntouched($0.1) }.map(\.0)
    if !others.isEmpty {
      findings.append(
        .fact(.mitigations, "without cost to exits", "\(others.count)", others.joined(separator: " ")))
    }
    let untouched = states.filter { isUntouched($0.1) }.map(\.0)
    findings.append(
      .fact(.mitigations, "CPU not affected", "\(untouched.count)", untouched.joined(separator: " ")))
    let words = host.commandLine.filter { $0.hasPrefix("mitigations=") || $0.hasPrefix("nosmt") }
    if !words.isEmpty {
      findings.append(.fact(.mitigations, "kernel command line", words.joined(separator: " ")))
    }
    return findings
  }

  private static let unmitigated = "not mitigated: exits are cheaper than where it is"

  /// What each mitigation adds to an exit.
  private static let costs = [
    "itlb_multihit": "large pages of a guest are split where its code runs: more first touches",
    "l1tf": "the L1 data cache may be flushed at each VM entry",
    "mds": clearing, "tsx_async_abort": clearing, "mmio_stale_data": clearing, "tsa": clearing,
    "reg_file_data_sampling": clearing,
    "meltdown": "page tables are changed on each way into the kernel: each KVM_RUN pays twice",
    "retbleed": "branch prediction is reset on each way into the kernel",
    "spec_rstack_overflow": "returns take a longer way, and an exit an IBPB where it says so",
    "spec_store_bypass": "SPEC_CTRL is switched with a guest that sets it",
    "spectre_v2": "VT-x and SVM refill the return stack at each exit; indirect calls take a longer way",
    "indirect_target_selection": "indirect calls and returns of the kernel take a longer way",
    "vmscape": "an IBPB before the first return to user space after an exit: user-space exits pay most",
  ]
  private static let clearing = "CPU buffers are cleared at VM entry and on return to user space"

  private static func isUntouched(_ state: String) -> Bool { state.hasPrefix("Not affected") }

  /// Nothing is done against it. "Vulnerable: ..." tells of something that is done and does not suffice.
  private static func isVulnerable(_ state: String) -> Bool {
    state == "Vulnerable" || state == "KVM: Vulnerable"
  }

  /// Without the word that the area's title says already.
  private static func short(_ state: String) -> String {
    state.hasPrefix("Mitigation: ") ? String(state.dropFirst("Mitigation: ".count)) : state
  }
}
