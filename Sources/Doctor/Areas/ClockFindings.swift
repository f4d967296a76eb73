/// What times are measured by, and what makes them unsteady.
enum ClockFindings {
  static func all(_ host: Host) -> [Finding] {
    [source(host), timestamp(host), guestTimestamp(host), processors(host), governor(host), siblings(host)]
      .compactMap { $0 }
  }

  private static func source(_ host: Host) -> Finding? {
    let folder = "/sys/devices/system/clocksource/clocksource0"
    guard let current = host.line(folder + "/current_clocksource")?.trimmed else { return nil }
    let available = (host.line(folder + "/available_clocksource") ?? "").split(separator: " ")
    switch current {
    case "tsc": return .good(.clock, "clock source", "tsc", "read without a system call")
    case "kvm-clock":
      return .good(.clock, "clock source", "kvm-clock", "the hypervisor's, read without a system call")
    default:
      let meaning = "reading the clock is a system call and an access to a device"
      return .wrong(
        .clock, "clock source", current, meaning,
        available.contains("tsc")
          ? host.setting(folder + "/current_clocksource", to: "tsc")
          : .change("tsc=reliable on the kernel's command line, if dmesg says why the TSC was given up"))
    }
  }

  private static func timestamp(_ host: Host) -> Finding? {
    guard !host.flags.isEmpty else { return nil }
    let wanted = ["constant_tsc", "nonstop_tsc"]
    let absent = wanted.filter { !host.flags.contains(Substring($0)) }
    guard absent.isEmpty else {
      return .wrong(
        .clock, "TSC", "not steady", "without " + absent.joined(separator: ", ") + " ticks are no time",
        host.isGuest
          ? .change("an invariant TSC from the hypervisor (QEMU: -cpu host,+invtsc)")
          : .none(because: "the CPU's TSC is not invariant"))
    }
    return .good(.clock, "TSC", "steady", "the same frequency in every state of the CPU: ticks are time")
  }

  private static func guestTimestamp(_ host: Host) -> Finding? {
    guard case .success(let answers) = host.kvm else { return nil }
    guard let frequency = answers.timestampKHz else {
      return .missing(
        .clock, "TSC of a guest", "frequency not told", "handler times stay 0",
        .change("another kernel: this KVM does not answer KVM_GET_TSC_KHZ"))
    }
    return .fact(.clock, "TSC of a guest", "\(frequency) kHz", "by which ticks become ns")
  }

  private static func processors(_ host: Host) -> Finding? {
    guard let online = host.line("/sys/devices/system/cpu/online") else { return nil }
    return .fact(.clock, "processors online", online)
  }

  private static func governor(_ host: Host) -> Finding? {
    let path = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
    guard let governor = host.line(path) else { return nil }
    guard governor != "performance" else {
      return .good(.clock, "frequency governor", governor, "times do not wait for the CPU to speed up")
    }
    return .wrong(
      .clock, "frequency governor", governor, "the first exits of a run are slower than the rest",
      .run(host.asRoot("cpupower frequency-set -g performance")))
  }

  private static func siblings(_ host: Host) -> Finding? {
    guard let active = host.line("/sys/devices/system/cpu/smt/active") else { return nil }
    return .fact(
      .clock, "SMT", active == "1" ? "on" : "off",
      active == "1" ? "the sibling of a vCPU's core takes part of its time" : "a core is one CPU's alone")
  }
}
