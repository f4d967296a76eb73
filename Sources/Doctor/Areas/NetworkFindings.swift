/// What moves packets without this process.
enum NetworkFindings {
  static func all(_ host: Host) -> [Finding] {
    [vhost(host), tap(host)]
  }

  private static func vhost(_ host: Host) -> Finding {
    let meaning = "virtio-net's rings served by the kernel: a kick does not reach user space"
    guard let node = host.node("/dev/vhost-net") else {
      return .missing(
        .network, "vhost-net", "no /dev/vhost-net", meaning, KernelModule.vhostNet.remedy(on: host))
    }
    guard node.isAccessible else {
      return .wrong(
        .network, "vhost-net", "not for this user", meaning, host.admission(to: "/dev/vhost-net", node))
    }
    // The node is there before the module: opening it loads the module, which the doctor leaves to who needs it.
    let isLoaded = KernelModule.vhostNet.isLoaded(on: host)
    return .good(.network, "vhost-net", isLoaded ? "usable" : "loads when it is opened", meaning)
  }

  private static func tap(_ host: Host) -> Finding {
    let meaning = "a guest's packets on the host's network"
    guard let node = host.node("/dev/net/tun") else {
      return .missing(.network, "TAP", "no /dev/net/tun", meaning, KernelModule.tun.remedy(on: host))
    }
    guard node.isAccessible else {
      return .wrong(.network, "TAP", "not for this user", meaning, host.admission(to: "/dev/net/tun", node))
    }
    guard host.hasCapability(Host.capNetAdmin) else {
      return .wrong(
        .network, "TAP", "none of one's own",
        "without CAP_NET_ADMIN only a TAP that root has made for the user",
        .run("sudo ip tuntap add dev tap0 mode tap user $USER"))
    }
    return .good(.network, "TAP", "usable", meaning)
  }
}
