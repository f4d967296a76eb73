import CLinux
import VMM

/// Why KVM_RUN returned, as kvm_userspace_exit has it.
struct UserSpaceReason: Hashable, Sendable {
  /// KVM_EXIT_ number; means nothing where KVM_RUN failed.
  let number: UInt32
  /// 0, or the negative errno with which KVM_RUN failed.
  let errno: Int32

  var isPort: Bool { errno == 0 && ExitReason(number) == .io }
  var isMemory: Bool { errno == 0 && ExitReason(number) == .mmio }

  /// As in the report of `boot`: KVM_EXIT_IO is `io`, and a signal, which is EINTR, is `intr`.
  var name: String {
    switch errno {
    case 0: ExitReason(number).name
    case -EINTR: ExitReason.interrupted.name
    default: "errno_\(errno.magnitude)"
    }
  }
}
