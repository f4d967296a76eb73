import Presentation
import VMM

extension AttachReport {
  /// The report for people: what was counted by reason, by vCPU and by address, and what is missing.
  ///
  /// - Parameters:
  ///   - earlier: a report of the same attachment; rates are of the time since then, else of all the time.
  ///   - addressLimit: of each group of addresses the busiest so many have a line, the others one together.
  public func lines(since earlier: AttachReport? = nil, addressLimit: Int = 20) -> [String] {
    var lines = [headline, ""]
    lines += exitTable(since: earlier).lines
    if !vcpus.isEmpty { lines += [""] + vcpuTable.lines }
    if !addresses.isEmpty { lines += [""] + addressTable(limit: addressLimit).lines }
    return lines + [""] + remarks
  }

  private var headline: String {
    let ending =
      switch end {
      case nil, .duration: ""
      case .interrupted: "; ended from outside"
      case .targetEnded: "; the process has ended"
      }
    let machine = count(target.vcpus, "vCPU") + (target.machines > 1 ? " of \(target.machines) machines" : "")
    return
      "swiftvmm: process \(target.pid) (\(target.command)): \(decimal(durationSeconds, 3)) s, \(machine), "
      + "\(count(threads.atStart + threads.appeared, "thread")), \(host.kvm.rawValue)\(ending)"
  }

  private func exitTable(since earlier: AttachReport?) -> TextTable {
    let seconds = durationSeconds - (earlier?.durationSeconds ?? 0)
    var table = TextTable(["exits", "count", "/s"])
    func add(_ name: String, _ count: UInt64, _ before: UInt64?) {
      let rate = seconds > 0 ? Double(count &- (before ?? 0)) / seconds : 0
      table.add([name, grouped(count), grouped(UInt64(rate.rounded()))])
    }
    func add(_ name: String, _ exits: Exits?, _ before: Exits?) {
      guard let exits else { return }
      add(name, exits.total, before?.total)
      for (reason, count) in exits.byReason.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
        add("  " + reason, count, before?.byReason[reason])
      }
    }
    add("to user space", userSpace, earlier?.userSpace)
    add("of the hardware", hardware, earlier?.hardware)
    for tracepoint in tracepoints where tracepoint.count > 0 {
      guard let what = KVMTracepoint(rawValue: tracepoint.name)?.meaning else { continue }
      add(what, tracepoint.count, earlier?.tracepoints.first { $0.name == tracepoint.name }?.count)
    }
    return table
  }

  private var vcpuTable: TextTable {
    let names = tracepoints.filter { $0.count > 0 }.map(\.name)
    var table = TextTable(["vCPU"] + names.map { String($0.trimmingPrefix("kvm_")) })
    for vcpu in vcpus {
      let counts = names.map { grouped(vcpu.tracepoints[$0] ?? 0) }
      table.add(["\(vcpu.index) \(vcpu.name) (\(vcpu.thread))"] + counts)
    }
    return table
  }

  private func addressTable(limit: Int) -> TextTable {
    var table = TextTable(["address", "exits", "reads", "writes", "to user space"])
    var groups: [(name: String, members: [AddressReport])] = []
    for range in ranges where !groups.contains(where: { $0.name == range.name }) {
      groups.append((range.name, addresses.filter { $0.name == range.name }))
    }
    for space in AddressBook.Space.allCases {
      groups.append((space.title, addresses.filter { $0.name == nil && $0.space == space.rawValue }))
    }
    for group in groups where !group.members.isEmpty {
      let members = group.members.sorted { ($1.exits, $0.address ?? 0) < ($0.exits, $1.address ?? 0) }
      table.add(AddressRow(members).cells(group.name))
      let rest = members.dropFirst(limit)
      for member in members.prefix(limit) {
        table.add(
          AddressRow([member]).cells("  " + (member.address.map { hex($0) } ?? "(further addresses)")))
      }
      if !rest.isEmpty { table.add(AddressRow(Array(rest)).cells("  (\(rest.count) more)")) }
    }
    return table
  }

  /// What a reader must know of the figures.
  private var remarks: [String] {
    var lines: [String] = []
    for tracepoint in tracepoints {
      guard let lost = tracepoint.lost, lost > 0 else { continue }
      lines.append(
        "lost: \(grouped(lost)) of \(grouped(tracepoint.count)) records of \(tracepoint.name); the count holds, "
          + "what it is broken down into lacks them")
    }
    if lines.isEmpty { lines.append("lost: nothing") }
    if addresses.contains(where: { $0.undecided ?? 0 > 0 }) {
      lines.append(
        "to user space A-B: A surely; for the others no record tells whether the exit was an OUT's or the next IN's"
      )
    }
    for vcpu in vcpus where vcpu.appeared {
      lines.append(
        "vCPU \(vcpu.index) appeared while counting: what it did before its thread was found is not counted")
    }
    if threads.refused > 0 {
      lines.append("\(count(threads.refused, "thread")) appeared and could not be watched")
    }
    return lines + unavailable.sorted { $0.key < $1.key }.map { "\($0.key) unavailable: \($0.value)" }
  }

  private func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}

/// The sums of some addresses, as cells of the table.
private struct AddressRow {
  let members: [AttachReport.AddressReport]

  init(_ members: [AttachReport.AddressReport]) {
    self.members = members
  }

  func cells(_ name: String) -> [String] {
    func sum(_ value: (AttachReport.AddressReport) -> UInt64) -> UInt64 { members.map(value).reduce(0, +) }
    let known = sum { $0.userSpace ?? 0 }
    let undecided = sum { $0.undecided ?? 0 }
    let range = grouped(known) + (undecided > 0 ? "-" + grouped(known + undecided) : "")
    return [
      name, grouped(sum(\.exits)), grouped(sum(\.reads)), grouped(sum(\.writes)),
      members.contains { $0.userSpace != nil } ? range : "",
    ]
  }
}

extension AddressBook.Space {
  fileprivate var title: String {
    switch self {
    case .port: "ports"
    case .memory: "memory"
    case .msr: "MSRs of the kernel"
    case .cpuid: "CPUID leaves"
    }
  }
}

extension KVMTracepoint {
  /// What a count of it is, in a table of exits; nil for those that have a part of the table.
  fileprivate var meaning: String? {
    switch self {
    case .exit, .userSpaceExit: nil
    case .port: "port accesses (kvm_pio)"
    case .memory: "memory accesses (kvm_mmio)"
    case .fastMemory: "ioeventfds in memory (kvm_fast_mmio)"
    case .msr: "MSRs of the kernel (kvm_msr)"
    case .cpuid: "CPUID (kvm_cpuid)"
    case .hypercall: "hypercalls (kvm_hypercall)"
    case .pageFault: "page faults (kvm_page_fault)"
    case .interrupt: "interrupts injected (kvm_inj_virq)"
    case .halt: "halts in the kernel (kvm_vcpu_wakeup)"
    }
  }
}
