import HostFacts

/// What a host can measure and what not, in a few sentences.
struct Verdict {
  private let host: Host
  private let findings: [Finding]

  init(_ host: Host, _ findings: [Finding]) {
    self.host = host
    self.findings = findings
  }

  var text: String {
    let sentences =
      host.obstacle == nil ? [start, counting, silent, techniques, lacking] : [start, unusable]
    return sentences.compactMap { $0 }.joined(separator: " ")
  }

  private func finding(_ area: Finding.Area, _ name: String) -> Finding? {
    findings.first { $0.area == area && $0.name == name }
  }

  private var start: String {
    guard host.obstacle == nil else {
      let finding = finding(.kvm, "/dev/kvm")
      let remedy = finding?.remedy.map { " (\($0.line))" } ?? ""
      return
        "KVM cannot be used: /dev/kvm \(finding?.state == .missing ? "is not there" : "refuses")\(remedy)."
    }
    let paging = finding(.kvm, "nested paging")
    let nested = host.isGuest ? " This machine is a guest itself, so times are those of a nested host." : ""
    switch host.kind {
    case .vtx, .svm:
      let name = host.kind == .vtx ? "VT-x" : "SVM"
      let pages = paging?.state == .good ? "\(name) and \(paging!.value)" : "\(name), without nested paging"
      return "KVM can be used, by \(pages)." + nested
    case .pvm:
      return
        "KVM can be used, on a PVM host: without hardware virtualisation, with page tables shadowed and code "
        + "at CPL 0 emulated. Counts carry over to other hosts; times do not, for an exit is many times dearer."
    case .unknown:
      return "KVM can be used; by which kind of hardware is not told, so neither is which counts must agree."
        + nested
    }
  }

  private var unusable: String {
    "Until then no guest runs and nothing is counted; what else this host has, and lacks, stands below."
  }

  private var counting: String {
    let statistics = finding(.witnesses, "statistics fd")?.state == .good
    let firing = findings.filter { $0.area == .tracepoints && $0.state == .good }.count
    let ledger = "Every exit to user space is counted by device and register"
    if host.tracing.threadsRefusal != nil {
      let rest = statistics ? "; of what the kernel answers only KVM's statistics tell" : ""
      let remedy = finding(.witnesses, "events of threads")?.remedy.map { " (\($0.line))" } ?? ""
      return "\(ledger)\(rest), for tracepoints are not this user's to count\(remedy)."
    }
    let witnesses = [
      statistics ? "KVM's statistics" : nil, firing > 0 ? "\(firing) tracepoints" : nil,
    ].compactMap { $0 }
    guard !witnesses.isEmpty else { return "\(ledger); what the kernel answers, nobody counts here." }
    return "\(ledger); what the kernel answers, by \(witnesses.joined(separator: " and "))."
  }

  /// The tracepoints that a reader of other tools would wait for in vain.
  private var silent: String? {
    let names = findings.filter {
      $0.area == .tracepoints && $0.value == TracepointFindings.never
    }.map { String($0.name.trimmingPrefix("kvm:")) }
    return names.isEmpty
      ? nil
      : "Of the tracepoints \(list(names)) never fire\(names.count == 1 ? "s" : "") on this kind of host."
  }

  private var techniques: String? {
    let words = Self.techniques.filter { finding($0.area, $0.name)?.state == .good }.map(\.words)
    return words.isEmpty ? nil : "Against exits it can show \(list(words))."
  }

  private var lacking: String? {
    let lacking = Self.techniques.compactMap { technique -> (words: String, remedy: Remedy)? in
      guard let finding = finding(technique.area, technique.name), let remedy = finding.remedy else {
        return nil
      }
      return (technique.words, remedy)
    }
    guard !lacking.isEmpty else { return nil }
    let byCommand = lacking.filter { $0.remedy.kind == .run }.map(\.words)
    let help =
      switch byCommand.count {
      case 0: ""
      case lacking.count: ", which commands below mend"
      default: "; commands below mend \(list(byCommand))"
      }
    return "It cannot show \(list(lacking.map(\.words), "or"))\(help)."
  }

  private func list(_ words: [String], _ last: String = "and") -> String {
    guard words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(last) " + words[words.count - 1]
  }

  /// The ways to fewer exits, by the finding that each hangs on.
  private static let techniques: [(area: Finding.Area, name: String, words: String)] = [
    (.capabilities, "IOEVENTFD", "ioeventfd"), (.capabilities, "IRQFD", "irqfd"),
    (.capabilities, "COALESCED_MMIO", "coalesced writes"), (.capabilities, "X86_MSR_FILTER", "MSR filters"),
    (.capabilities, "X86_DISABLE_EXITS", "exits switched off"), (.capabilities, "HALT_POLL", "halt polling"),
    (.parameters, "kvm_intel.enable_apicv", "APICv"), (.parameters, "kvm_amd.avic", "AVIC"),
    (.memory, "transparent huge pages", "transparent huge pages"),
    (.memory, "reserved pages of 2 MiB", "reserved huge pages"),
    (.network, "vhost-net", "vhost-net"), (.passthrough, "VFIO", "device pass-through"),
    (.capabilities, "NESTED_STATE", "nested guests"),
  ]
}
