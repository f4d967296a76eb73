import CLinux

/// Which of the ways KVM runs a guest, by the vendor module that is loaded.
public enum HostKind: String, Codable, Sendable, CaseIterable {
  /// Intel's VT-x.
  case vtx = "kvm_intel"
  /// AMD's SVM.
  case svm = "kvm_amd"
  /// No hardware virtualisation: shadow paging, and an emulator for CPL 0.
  case pvm = "kvm_pvm"
  /// No module of a known name, as where KVM is built into the kernel without a folder in /sys/module.
  case unknown

  /// This machine's.
  public static var current: HostKind { HostKind(root: "") }

  /// Of the machine whose /sys is below the folder `root`.
  public init(root: String) {
    let known: [HostKind] = [.vtx, .svm, .pvm]
    self = known.first { unsafe access("\(root)/sys/module/\($0.rawValue)", F_OK) == 0 } ?? .unknown
  }

  /// The events kvm:kvm_exit and kvm:kvm_entry fire: an exit is the hardware's, which PVM has none of.
  public var tracesHardwareExits: Bool { self != .pvm }
}
