import CKVM
import CLinux

/// /dev/kvm: what the host's KVM is, and the way to virtual machines.
public struct System: ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// Size of a vCPU's kvm_run mapping, in bytes.
  let runSize: Int

  /// Opens `path` and checks that it speaks version 12 of the API, the only one since Linux 2.6.22.
  ///
  /// - Throws: ``KVMError`` with advice, for a missing device, a missing permission or another version.
  public init(path: String = "/dev/kvm") throws(KVMError) {
    let number = Int(unsafe linux_open(path, O_RDWR))
    let descriptor = Descriptor(owning: Int32(try Self.check(number, path)))
    let version = try KVM.check(
      ckvm_call(descriptor.number, KVM_GET_API_VERSION_, 0), "KVM_GET_API_VERSION",
      advice: "\(path) is not KVM: load kvm_intel or kvm_amd anew")
    guard version == KVM_API_VERSION else {
      throw KVMError(
        "KVM_GET_API_VERSION", errno: 0, advice: "version \(version), expected \(KVM_API_VERSION)")
    }
    runSize = try KVM.check(
      ckvm_call(descriptor.number, KVM_GET_VCPU_MMAP_SIZE_, 0), "KVM_GET_VCPU_MMAP_SIZE")
    self.descriptor = descriptor
  }

  /// What KVM says to a capability: 0 for absent, 1 or a number of its own for present.
  public func value(of capability: Capability) -> Int {
    max(0, ckvm_call(descriptor.number, KVM_CHECK_EXTENSION_, UInt(capability.number)))
  }

  /// Throws unless every capability of the list is there.
  public func require(_ capabilities: [Capability]) throws(KVMError) {
    for capability in capabilities where value(of: capability) == 0 {
      throw KVMError(capability.name, errno: 0, advice: "this host's KVM does not have it")
    }
  }

  /// The CPUID leaves that the host can give to a guest (KVM_GET_SUPPORTED_CPUID).
  public func supportedCPUID() throws(KVMError) -> CPUIDTable {
    try CPUIDTable(supportedBy: descriptor.number)
  }

  /// Makes an empty virtual machine of the default type.
  public func makeVirtualMachine() throws(KVMError) -> VirtualMachine {
    let number = try KVM.check(
      ckvm_call(descriptor.number, KVM_CREATE_VM_, 0), "KVM_CREATE_VM",
      advice: "if the device is busy, another hypervisor holds the processor")
    return VirtualMachine(descriptor: Descriptor(owning: Int32(number)), runSize: runSize)
  }

  private static func check(_ number: Int, _ path: String) throws(KVMError) -> Int {
    guard number < 0 else { return number }
    let errno = Int32(-number)
    let advice =
      switch errno {
      case ENOENT, ENODEV, ENXIO:
        "KVM is not there: switch virtualisation on in the firmware and load kvm_intel or kvm_amd, "
          + "or ask the cloud for nested virtualisation"
      case EACCES, EPERM:
        "no permission: run as root, or do what 'swiftvmm doctor' says"
      default: ""
      }
    throw KVMError(path, errno: errno, advice: advice)
  }
}
