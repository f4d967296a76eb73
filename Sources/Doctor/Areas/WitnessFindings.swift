import HostFacts
import KVM
import Witness

/// Who counts exits here, independently of one another.
enum WitnessFindings {
  static func all(_ host: Host) -> [Finding] {
    [ledger(host), statistics(host), tracefs(host)] + counting(host)
  }

  /// Counters of a vCPU that other witnesses are held against (docs/witnesses.md).
  static let compared = [
    "exits", "io_exits", "mmio_exits", "halt_exits", "hypercalls", "irq_injections", "insn_emulation",
    "insn_emulation_fail",
  ]

  private static func ledger(_ host: Host) -> Finding {
    .good(
      .witnesses, "ledger", "always",
      "every return of KVM_RUN, by vCPU, device, register and direction")
  }

  private static func statistics(_ host: Host) -> Finding {
    guard case .success(let answers) = host.kvm else {
      return .missing(.witnesses, "statistics fd", "not told", nil, afterKVM)
    }
    switch answers.counters {
    case .success(let names):
      let absent = compared.filter { !names.ofVCPU.contains($0) }
      let parts = [
        "KVM's own counts",
        absent.isEmpty ? nil : "without \(absent.joined(separator: ", "))",
        host.kind == .pvm
          ? "on PVM exits counts batches of emulation, and io_exits and hypercalls stay 0" : nil,
      ]
      return .good(
        .witnesses, "statistics fd", "\(names.ofVCPU.count) a vCPU, \(names.ofVM.count) a VM",
        parts.compactMap { $0 }.joined(separator: "; "))
    case .failure(let why):
      let remedy: Remedy =
        host.isKernel(atLeast: "5.14")
        ? .none(because: "\(host.kind.rawValue) does not offer it")
        : .change("Linux 5.14 or later; this is \(host.facts.kernel)")
      return .missing(.witnesses, "statistics fd", "no", why.reason, remedy)
    }
  }

  private static func tracefs(_ host: Host) -> Finding {
    let place = tracefsPlace(host)
    switch host.tracing.tracepoints {
    case .success:
      return .good(
        .witnesses, "tracefs", place == nil ? "not mounted" : "mounted",
        place == nil
          ? "mounted in a private namespace for each look, and gone after it" : "at " + place!)
    case .failure(let why):
      return .wrong(.witnesses, "tracefs", "not to be read", why.reason, tracefsRemedy(host))
    }
  }

  private static func tracefsPlace(_ host: Host) -> String? {
    for line in (host.text("/proc/self/mounts") ?? "").split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count > 2, fields[2] == "tracefs" { return String(fields[1]) }
    }
    return nil
  }

  static func tracefsRemedy(_ host: Host) -> Remedy {
    guard host.exists("/sys/kernel") else { return Host.sysfsRemedy }
    guard !host.isRoot else { return .change("a container with CAP_SYS_ADMIN, or look on the host itself") }
    // Files of tracefs are readable to its group, which the mount decides.
    let options = "mode=750,gid=$(id -g)"
    guard let place = tracefsPlace(host) else {
      return .run("sudo mount -t tracefs -o \(options) tracefs /sys/kernel/tracing")
    }
    return .run("sudo mount -o remount,\(options) \(place)")
  }

  /// Two ways of counting, for the kernel asks for more rights where events belong to no process.
  private static func counting(_ host: Host) -> [Finding] {
    [
      counting(
        host, "events of threads", "perf_event_open for one's own vCPUs: boot --witness",
        host.tracing.threadsRefusal, paranoia: 1),
      counting(
        host, "events of processors", "perf_event_open for all processors: the CPUIDs of any boot",
        host.tracing.processorsRefusal, paranoia: 0),
    ]
  }

  /// - Parameter paranoia: the level of kernel.perf_event_paranoid that suffices without CAP_PERFMON.
  private static func counting(
    _ host: Host, _ name: String, _ meaning: String, _ refusal: Unavailable?, paranoia: Int
  ) -> Finding {
    guard let refusal else { return .good(.witnesses, name, "counted", meaning) }
    switch host.tracing.tracepoints {
    case .failure:
      return .wrong(
        .witnesses, name, "not tried", "an event has a number, which tracefs tells",
        countingRemedy(host, paranoia, orElse: tracefsRemedy(host)))
    case .success(let names) where !TracepointFindings.areKVMs(names):
      return .wrong(
        .witnesses, name, "not tried", "no tracepoint of KVM's is there to be counted",
        countingRemedy(host, paranoia, orElse: afterKVM))
    case .success:
      return .wrong(
        .witnesses, name, "refused", refusal.reason,
        countingRemedy(host, paranoia, orElse: .change("a container whose seccomp filter allows the call")))
    }
  }

  /// What comes with /dev/kvm, and is mended there.
  static let afterKVM = Remedy.change("what /dev/kvm needs, above")

  private static func countingRemedy(_ host: Host, _ paranoia: Int, orElse other: Remedy) -> Remedy {
    let isPrivileged = host.hasCapability(Host.capPerfmon) || host.hasCapability(Host.capSysAdmin)
    guard !isPrivileged, let level = host.number("/proc/sys/kernel/perf_event_paranoid"), level > paranoia
    else { return other }
    return .run(host.asRoot("sysctl kernel.perf_event_paranoid=\(paranoia)"))
  }
}
