import HostFacts

/// What several areas want to know of the host.
extension Host {
  var kind: HostKind { facts.kvm }

  /// Flags of the first CPU.
  var flags: Set<Substring> {
    Set((field("flags", of: "/proc/cpuinfo") ?? "").split(separator: " "))
  }

  var isIntel: Bool { field("vendor_id", of: "/proc/cpuinfo") == "GenuineIntel" }

  /// It is a virtual machine itself, so that its guests are nested.
  var isGuest: Bool { flags.contains("hypervisor") }

  /// Words of the kernel's command line.
  var commandLine: [Substring] { (line("/proc/cmdline") ?? "").split(separator: " ") }

  /// Numbers of the kernel's release, `[6, 18]`.
  var kernelVersion: [Int] {
    facts.kernel.split { $0 == "." || $0 == "-" }.prefix(2).compactMap { Int($0) }
  }

  /// The kernel is of this version, as `5.10`, or of a later one.
  func isKernel(atLeast version: String) -> Bool {
    let wanted = version.split(separator: ".").compactMap { Int($0) }
    return !kernelVersion.lexicographicallyPrecedes(wanted)
  }

  /// Effective user, nil where /proc does not tell.
  var user: Int? {
    field("Uid", of: "/proc/self/status")?.split(separator: "\t").dropFirst().first.flatMap { Int($0) }
  }

  var isRoot: Bool { user == 0 }

  /// The process has a capability of capabilities(7), by its number.
  func hasCapability(_ number: Int) -> Bool {
    guard let text = field("CapEff", of: "/proc/self/status"), let set = UInt64(text, radix: 16) else {
      return false
    }
    return set >> UInt64(number) & 1 != 0
  }

  static let (capNetAdmin, capIPCLock, capPtrace, capSysAdmin, capPerfmon) = (12, 14, 19, 21, 38)

  /// The name of a group, or its number.
  func group(_ number: UInt32) -> String {
    let line = (text("/etc/group") ?? "").split(separator: "\n").first {
      $0.split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).first == "\(number)"
    }
    return line?.split(separator: ":").first.map(String.init) ?? "\(number)"
  }

  /// A command that only root may give, as this user gives it.
  func asRoot(_ command: String) -> String { isRoot ? command : "sudo " + command }

  /// The command that writes `value` into a file of /proc or /sys.
  func setting(_ path: String, to value: String) -> Remedy {
    .run(isRoot ? "echo \(value) > \(path)" : "echo \(value) | sudo tee \(path)")
  }

  /// The command that loads a module anew with a parameter.
  func reloading(_ module: String, _ parameter: String) -> Remedy {
    .run("\(asRoot("modprobe")) -r \(module) && \(asRoot("modprobe")) \(module) \(parameter)")
  }

  /// What lets this user open a node of /dev that refuses.
  func admission(to path: String, _ node: DeviceNode) -> Remedy {
    guard !isRoot else { return .change("start the container with --device \(path): root itself is refused") }
    let isOfGroup = node.mode & 0o060 == 0o060 && node.group != 0
    return .run(
      isOfGroup
        ? "sudo usermod -aG \(group(node.group)) $USER  # then log in anew" : "sudo chown $USER \(path)")
  }

  static let sysfsRemedy = Remedy.change("mount sysfs at /sys, or look on the host itself")
}
