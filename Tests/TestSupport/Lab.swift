import Foundation
import Testing

/// The lab, docs/lab.md: a machine with a real kvm_amd whose processor is emulated, where everything takes its time.
public enum Lab {
  /// Whether this process runs there.
  public static let isHere = ProcessInfo.processInfo.environment["SWIFTVMM_LAB"] != nil

  /// Guests without those in which the emulated machine stands still (docs/lab.md).
  public static func bearable(_ guests: [String]) -> [String] {
    isHere ? guests.filter { !$0.hasSuffix("hostile-nic") } : guests
  }

  /// How long what never happens is waited for: a limit for tests that hang, not a measure of those that do not.
  public static func patience(_ limit: Duration) -> Duration { isHere ? limit * 6 : limit }

  /// How often something is repeated that goes wrong once in many times, or never.
  public static func repetitions(_ count: Int) -> Int { isHere ? max(2, count / 10) : count }
}

extension Trait where Self == ConditionTrait {
  /// Stays out of the lab: no kernel and no processor can change the outcome, and there each run of the program is dear.
  public static var sameOnEveryHost: Self {
    .enabled(if: !Lab.isHere, "its outcome is the same on every host, and the lab is slow")
  }

  /// Stays out of the lab: the machine that is emulated there stands still in it now and then, its own kernel with it.
  public static var stopsTheLab: Self {
    .enabled(if: !Lab.isHere, "the emulated machine stands still in it now and then, its own kernel with it")
  }
}
