/// A module of the kernel that something here needs.
struct KernelModule {
  /// As modprobe takes it, with underscores.
  let name: String
  /// Folder of its file below /lib/modules/RELEASE/kernel.
  let folder: String
  /// What builds it: `CONFIG_VHOST_NET`.
  let option: String

  static let vhostNet = KernelModule(name: "vhost_net", folder: "drivers/vhost", option: "CONFIG_VHOST_NET")
  static let tun = KernelModule(name: "tun", folder: "drivers/net", option: "CONFIG_TUN")
  static let vfio = KernelModule(name: "vfio_pci", folder: "drivers/vfio/pci", option: "CONFIG_VFIO_PCI")
  static let intel = KernelModule(name: "kvm_intel", folder: "arch/x86/kvm", option: "CONFIG_KVM_INTEL")
  static let amd = KernelModule(name: "kvm_amd", folder: "arch/x86/kvm", option: "CONFIG_KVM_AMD")

  /// It is loaded, or part of the kernel.
  func isLoaded(on host: Host) -> Bool { host.exists("/sys/module/\(name)") }

  /// What brings it: the command where its file is there, another kernel where there is none.
  func remedy(on host: Host) -> Remedy {
    guard host.exists("/proc/sys") else { return .change("mount proc at /proc, or look on the host itself") }
    let modules = "/lib/modules/\(host.facts.kernel)"
    guard host.exists("/proc/modules"), host.line("/proc/sys/kernel/modules_disabled") != "1" else {
      return .change("a kernel with \(option)=y: this one loads no modules")
    }
    guard host.exists(modules) else {
      return .change("on the host itself, for here is no \(modules): sudo modprobe \(name)")
    }
    // Some files are named with a dash where the module has an underscore, and all may be compressed.
    let files = host.names(in: "\(modules)/kernel/\(folder)") ?? []
    let isThere = files.contains { file in
      String(file.map { $0 == "-" ? "_" : $0 }).hasPrefix("\(name).ko")
    }
    return isThere
      ? .run(host.asRoot("modprobe \(name)")) : .change("a kernel with \(option)=m: this one has no \(name)")
  }
}
