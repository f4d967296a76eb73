/// What every report says of the host: times and counts mean nothing without it.
public struct HostFacts: Codable, Equatable, Sendable {
  /// The KVM vendor module: `kvm_intel`, `kvm_amd`, `kvm_pvm`, or `unknown`.
  public var kvm: HostKind
  /// Release of the kernel, or `unknown`.
  public var kernel: String
  /// `model name` of /proc/cpuinfo, or `unknown`.
  public var cpu: String
}

extension HostFacts {
  /// This machine's.
  public static var current: HostFacts { HostFacts(root: "") }

  /// Of the machine whose /proc and /sys are below the folder `root`.
  public init(root: String) {
    kvm = HostKind(root: root)
    kernel = KernelFile.firstLine(of: root + "/proc/sys/kernel/osrelease") ?? "unknown"
    cpu = Self.processorName(root) ?? "unknown"
  }

  private static func processorName(_ root: String) -> String? {
    // The first processor's lines: of a large host's there are thousands.
    KernelFile.contents(of: root + "/proc/cpuinfo")?.utf8
      .split(separator: UInt8(ascii: "\n"), maxSplits: 32).lazy.map { Substring($0) }
      .first { $0.hasPrefix("model name") }
      .flatMap { line in line.split(separator: ":", maxSplits: 1).last.map { String($0.trimmingPrefix(" ")) }
      }
  }
}
