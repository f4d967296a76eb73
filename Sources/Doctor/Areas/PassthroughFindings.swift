/// Devices of the host's that a guest may have for itself: VFIO and the IOMMU.
enum PassthroughFindings {
  static func all(_ host: Host) -> [Finding] {
    [groups(host), vfio(host)]
  }

  private static func groups(_ host: Host) -> Finding {
    let folder = "/sys/kernel/iommu_groups"
    guard let groups = host.names(in: folder) else {
      return .missing(.passthrough, "IOMMU groups", "not told", "\(folder) is not there", Host.sysfsRemedy)
    }
    guard !groups.isEmpty else {
      return .missing(
        .passthrough, "IOMMU groups", "none", "no device can be given away", iommuRemedy(host))
    }
    let sizes = groups.map { host.names(in: "\(folder)/\($0)/devices")?.count ?? 0 }
    let alone = sizes.filter { $0 == 1 }.count
    return .good(
      .passthrough, "IOMMU groups", "\(groups.count)",
      "\(sizes.reduce(0, +)) devices, \(alone) of them alone in a group")
  }

  private static func iommuRemedy(_ host: Host) -> Remedy {
    if host.isGuest { return .change("a virtual IOMMU from the hypervisor: this machine is a guest") }
    guard !host.commandLine.contains("iommu=off") else {
      return .change("take iommu=off from the kernel's command line")
    }
    if host.isIntel && !host.commandLine.contains("intel_iommu=on") {
      return .change("intel_iommu=on on the kernel's command line, and VT-d on in the firmware")
    }
    return .change("switch the IOMMU (VT-d, AMD-Vi) on in the firmware")
  }

  private static func vfio(_ host: Host) -> Finding {
    let meaning = "a guest drives a device itself: its registers do not exit"
    guard let node = host.node("/dev/vfio/vfio") else {
      return .missing(
        .passthrough, "VFIO", "no /dev/vfio/vfio", meaning, KernelModule.vfio.remedy(on: host))
    }
    let bound = (host.names(in: "/sys/bus/pci/drivers/vfio-pci") ?? []).filter { $0.contains(":") }
    guard !bound.isEmpty else {
      return .fact(
        .passthrough, "VFIO", "no device bound", "driverctl or driver_override gives one to vfio-pci")
    }
    guard node.isAccessible else {
      return .wrong(
        .passthrough, "VFIO", "not for this user", meaning, host.admission(to: "/dev/vfio/vfio", node))
    }
    return .good(.passthrough, "VFIO", "\(bound.count) bound", bound.joined(separator: " "))
  }
}
