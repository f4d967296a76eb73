import Foundation
import KVM
import Testing

extension Trait where Self == ConditionTrait {
  /// Runs where /dev/kvm can be used, and says why where it is skipped. With SWIFTVMM_REQUIRE_KVM set, as the
  /// project's own test command sets it where /dev/kvm is there, a host without KVM fails the test instead.
  public static var requiresKVM: Self {
    .enabled(if: hostKVM.isUsable || isKVMExpected, "\(hostKVM.reason)")
  }

  /// Runs where KVM has a capability that a machine can do without. Beside ``requiresKVM``.
  public static func requires(_ capability: Capability) -> Self {
    .enabled(
      if: ((try? System().value(of: capability)) ?? 1) != 0, "this host's KVM lacks \(capability.name)")
  }
}

/// The project's own test command runs the tests, on a host with KVM, and has installed all that they need.
let isKVMExpected = ProcessInfo.processInfo.environment["SWIFTVMM_REQUIRE_KVM"] != nil

private let hostKVM: (isUsable: Bool, reason: Comment) = {
  do {
    _ = try System()
    return (true, "")
  } catch {
    print("skipping tests that need KVM: \(error)")
    return (false, "\(error)")
  }
}()
