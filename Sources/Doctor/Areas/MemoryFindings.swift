/// Memory for guests: the larger its pages, the fewer first touches exit.
enum MemoryFindings {
  static func all(_ host: Host) -> [Finding] {
    [transparent(host)] + reserved(host) + [merging(host)].compactMap { $0 }
  }

  private static func transparent(_ host: Host) -> Finding {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    let name = "transparent huge pages"
    switch host.choice(path) {
    case "always"?: return .good(.memory, name, "always", "a guest's RAM gets large pages by itself")
    case "madvise"?:
      return .good(.memory, name, "madvise", "a guest's RAM gets large pages where the VMM asks for them")
    case "never"?:
      return .wrong(
        .memory, name, "never", "each 4 KiB of a guest's RAM is a fault of its own",
        host.setting(path, to: "madvise"))
    case let other?: return .fact(.memory, name, other)
    case nil:
      return .missing(
        .memory, name, "not told", "\(path) is not to be read",
        .change("a kernel with CONFIG_TRANSPARENT_HUGEPAGE=y, or a mounted sysfs"))
    }
  }

  /// The pools of hugetlbfs, by page size.
  private static func reserved(_ host: Host) -> [Finding] {
    let folder = "/sys/kernel/mm/hugepages"
    let pools = (host.names(in: folder) ?? []).compactMap { name -> (size: Int, path: String)? in
      guard name.hasPrefix("hugepages-"), let size = Int(name.dropFirst(10).dropLast(2)) else { return nil }
      return (size << 10, "\(folder)/\(name)")
    }
    return pools.sorted { $0.size < $1.size }.map { size, path in
      let name = "reserved pages of \(bytes(size))"
      let count = host.number(path + "/nr_hugepages") ?? 0
      let free = host.number(path + "/free_hugepages") ?? 0
      guard count == 0 else {
        return .good(.memory, name, "\(count)", "\(free) free: RAM without first-touch faults of 4 KiB")
      }
      guard size == 2 << 20 else { return .fact(.memory, name, "none", "best reserved at boot") }
      return .missing(
        .memory, name, "none", "RAM that is sure to have large pages",
        .run(host.asRoot("sysctl vm.nr_hugepages=64")))
    }
  }

  private static func merging(_ host: Host) -> Finding? {
    guard host.line("/sys/kernel/mm/ksm/run") == "1" else { return nil }
    return .wrong(
      .memory, "KSM", "runs", "equal pages of guests are merged, and the next write to one exits",
      host.setting("/sys/kernel/mm/ksm/run", to: "2"))
  }
}
