import Foundation
import Testing

extension Trait where Self == ConditionTrait {
  /// QEMU. The project's own test command installs it; there a host without it fails the test.
  static var requiresQEMU: Self {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let isThere = folders.contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/qemu-system-x86_64")
    }
    let isExpected = ProcessInfo.processInfo.environment["SWIFTVMM_REQUIRE_KVM"] != nil
    return .enabled(if: isThere || isExpected, "there is no qemu-system-x86_64")
  }
}
