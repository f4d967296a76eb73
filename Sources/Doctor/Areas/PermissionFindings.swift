/// What this user may do.
enum PermissionFindings {
  static func all(_ host: Host) -> [Finding] {
    guard let user = host.user else {
      return [
        .missing(
          .permissions, "user", "not told", "/proc/self/status is not to be read",
          .change("mount proc at /proc"))
      ]
    }
    return [
      self.user(user, host), device(host), perfEvents(host), capabilities(host), lockedMemory(host),
      tracing(host),
      seccomp(host),
    ].compactMap { $0 }
  }

  private static func user(_ user: Int, _ host: Host) -> Finding {
    let groups = (host.field("Groups", of: "/proc/self/status") ?? "").split(separator: " ")
      .compactMap { UInt32($0) }.map(host.group)
    let list = groups.isEmpty ? "no further groups" : "groups " + groups.joined(separator: ", ")
    let stuck = host.field("NoNewPrivs", of: "/proc/self/status") == "1"
    return .fact(
      .permissions, "user", user == 0 ? "root" : "uid \(user)",
      list + (stuck ? "; no_new_privs: sudo does not work here" : ""))
  }

  private static func device(_ host: Host) -> Finding? {
    guard let node = host.node("/dev/kvm") else { return nil }
    let mode = "0" + String(node.mode, radix: 8)
    let group = "group \(host.group(node.group))"
    let who =
      switch (node.mode & 0o060 == 0o060, node.mode & 0o006 == 0o006) {
      case (_, true): "everybody may open it"
      case (true, false): "its owner and \(group) may open it"
      case (false, false): "its owner alone may open it"
      }
    return .fact(.permissions, "/dev/kvm", mode, who)
  }

  private static func perfEvents(_ host: Host) -> Finding? {
    guard let level = host.number("/proc/sys/kernel/perf_event_paranoid") else { return nil }
    let meaning =
      switch level {
      case ...(-1): "every user may count and sample everything"
      case 0: "every user may count on whole processors; tracepoints are sampled with CAP_PERFMON only"
      case 1: "without CAP_PERFMON of one's own processes only, the kernel in them included"
      case 2: "without CAP_PERFMON nothing of the kernel"
      default: "without CAP_PERFMON nothing"
      }
    return .fact(.permissions, "kernel.perf_event_paranoid", "\(level)", meaning)
  }

  /// The capabilities of capabilities(7) that something here asks for.
  private static func capabilities(_ host: Host) -> Finding {
    let wanted = [
      ("PERFMON", Host.capPerfmon), ("SYS_ADMIN", Host.capSysAdmin),
      ("NET_ADMIN", Host.capNetAdmin), ("IPC_LOCK", Host.capIPCLock),
      ("SYS_PTRACE", Host.capPtrace),
    ]
    let held = wanted.filter { host.hasCapability($0.1) }.map(\.0)
    let absent = wanted.filter { !host.hasCapability($0.1) }.map(\.0)
    let parts = [
      held.isEmpty ? nil : "has " + held.joined(separator: ", "),
      absent.isEmpty ? nil : "not " + absent.joined(separator: ", "),
    ]
    return .fact(
      .permissions, "capabilities", "\(held.count) of \(wanted.count)",
      parts.compactMap { $0 }.joined(separator: "; "))
  }

  private static func lockedMemory(_ host: Host) -> Finding? {
    let prefix = "Max locked memory"
    let line = (host.text("/proc/self/limits") ?? "").split(separator: "\n").first { $0.hasPrefix(prefix) }
    guard let limit = line?.dropFirst(prefix.count).split(separator: " ").first else { return nil }
    let value = Int(limit).map { bytes($0) } ?? String(limit)
    let isFree = host.hasCapability(Host.capIPCLock)
    return .fact(
      .permissions, "locked memory", value,
      isFree
        ? "no limit to a process with CAP_IPC_LOCK, as this is"
        : "VFIO locks all RAM of its guest, and perf its buffers beyond kernel.perf_event_mlock_kb")
  }

  private static func tracing(_ host: Host) -> Finding? {
    guard let scope = host.number("/proc/sys/kernel/yama/ptrace_scope"), scope > 0 else { return nil }
    return .fact(
      .permissions, "kernel.yama.ptrace_scope", "\(scope)",
      "events of another's VM need CAP_PERFMON or CAP_SYS_PTRACE")
  }

  private static func seccomp(_ host: Host) -> Finding? {
    guard host.field("Seccomp", of: "/proc/self/status") == "2" else { return nil }
    return .fact(.permissions, "seccomp", "filtered", "as in a container: some system calls are refused")
  }
}

/// A size in the largest unit that leaves no rest.
func bytes(_ count: Int) -> String {
  let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
  guard count > 0, let unit = units.first(where: { count % (1 << $0.1) == 0 }) else { return "\(count) B" }
  return "\(count >> unit.1) \(unit.0)"
}
