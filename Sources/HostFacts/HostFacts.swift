/// What every report says of the host: times and counts mean nothing without it.
public struct HostFacts: Codable, Equatable, Sendable {
  /// The KVM vendor module: `kvm_intel`, `kvm_amd`, `kvm_pvm`, or `unknown`.
  public var kvm: HostKind
  /// Release of the kernel, or `unknown`.
  public var kernel: String
  /// `model name` of /proc/cpuinfo, or `unknown`.
  public var cpu: String

  /// This machine's.
  public static var current: HostFacts {
    HostFacts(
      kvm: .current, kernel: KernelFile.firstLine(of: "/proc/sys/kernel/osrelease") ?? "unknown",
      cpu: processorName ?? "unknown")
  }

  private static var processorName: String? {
    KernelFile.contents(of: "/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }
      .flatMap { line in line.split(separator: ":", maxSplits: 1).last.map { String($0.trimmingPrefix(" ")) }
      }
  }
}
