import HostFacts
import VMM

/// Holds the witnesses of a run against each other: docs/witnesses.md says which must agree on which kind of host.
public struct Reconciliation {
  private let plan: WitnessPlan
  private let facts: MachineFacts
  private let count: (TracepointSelection) -> UInt64?
  private let statistic: (String) -> UInt64?

  /// - Parameters:
  ///   - count: what a tracepoint's counter says, nil where this host does not count it.
  ///   - statistic: what KVM's statistics say by name, summed over the vCPUs, nil where they do not.
  public init(
    _ plan: WitnessPlan, _ facts: MachineFacts, count: @escaping (TracepointSelection) -> UInt64?,
    statistic: @escaping (String) -> UInt64?
  ) {
    self.plan = plan
    self.facts = facts
    self.count = count
    self.statistic = statistic
  }

  /// All of them, in the order of the report.
  public var lines: [WitnessLine] { userExits + devices + interrupts + kernel }

  // MARK: Exits to user space

  private var userExits: [WitnessLine] {
    // A call that a signal interrupted is no exit of the guest's, and its reason is stale.
    let exits = facts.exits.filter { $0.key != .interrupted }
    let all = line(
      "exits to user space", ledger: exits.values.reduce(0, +), [WitnessPlan.userExits])
    return [all]
      + WitnessPlan.reasons.map { reason in
        line(
          "exits to user space: \(reason.name)", ledger: exits[reason] ?? 0,
          [WitnessPlan.userExits(reason)], statistic: reason == .mmio && !hasWideAccesses ? "mmio_exits" : nil
        )
      }
  }

  // MARK: Devices

  private var devices: [WitnessLine] {
    var lines: [WitnessLine] = []
    for (place, device) in zip(plan.devices, facts.devices) {
      for space in [Window.Space.port, .memory] where place.ranges[space] != nil {
        lines.append(
          line(
            "\(place.name): \(space.plural)", ledger: accesses(of: device, space),
            plan.selections(place, space),
            holds: isWhole(space) && !(facts.strays.contains(space) && place.movable.contains(space))))
      }
    }
    for space in [Window.Space.port, .memory] {
      lines.append(
        line(
          "unclaimed: \(space.plural)", ledger: accesses(of: facts.unclaimed, space), plan.unclaimed(space),
          holds: isWhole(space) && !facts.strays.contains(space)))
    }
    return lines
  }

  /// Whether the ledger counts accesses as KVM traces them.
  private func isWhole(_ space: Window.Space) -> Bool { space == .port || !hasWideAccesses }

  /// Ledgers that are not held against tracepoints, which know addresses and no windows, and why.
  public var withheld: [String: String] {
    var reasons: [String: String] = [:]
    for space in facts.strays {
      let names = plan.devices.filter { $0.movable.contains(space) }.map(\.name) + ["unclaimed"]
      reasons["ledger of \(names.joined(separator: ", ")) (\(space.plural))"] =
        "the guest moved or switched off windows, and an address alone no longer tells whose it was"
    }
    return reasons
  }

  private func accesses(of device: MachineFacts.Device, _ space: Window.Space) -> UInt64 {
    (device.exits[space] ?? 0) + device.absorbed(space)
  }

  private var hasWideAccesses: Bool { count(WitnessPlan.wideMemory) ?? 0 > 0 }

  // MARK: Interrupts

  private var interrupts: [WitnessLine] {
    let lines = plan.interruptLines.map { number in
      line(
        "interrupt line \(number)", ledger: facts.raised[number] ?? 0, [WitnessPlan.rises(ofLine: number)])
    }
    guard plan.hasMessages else { return lines }
    return lines + [line("interrupt messages", ledger: facts.messages, [WitnessPlan.messages])]
  }

  // MARK: What the kernel answers

  private var kernel: [WitnessLine] {
    let isPVM = plan.host == .pvm
    return [
      line("CPUID", [WitnessPlan.cpuid], exits: .cpuid),
      // Without in-kernel interrupt controllers each HLT comes to user space.
      line(
        "HLT", ledger: plan.kernelDevices.isEmpty ? facts.exits[.hlt] ?? 0 : nil, exits: .hlt,
        statistic: "halt_exits"),
      line(
        "RDMSR and WRMSR",
        [WitnessPlan.allMSRs, WitnessPlan.userExits(.rdmsr), WitnessPlan.userExits(.wrmsr)],
        exits: .msr),
      line("hypercalls", [WitnessPlan.hypercalls], exits: .hypercall, statistic: isPVM ? nil : "hypercalls"),
      // PVM injects by its own code, which neither fires nor counts alike.
      line("interrupts injected", isPVM ? [] : [WitnessPlan.injections], statistic: "irq_injections"),
      line("instructions emulated", [WitnessPlan.emulated(failed: false)], statistic: "insn_emulation"),
      line(
        "instructions not emulated", [WitnessPlan.emulated(failed: true)], statistic: "insn_emulation_fail"),
      line("I/O instructions", exits: .io, statistic: isPVM ? nil : "io_exits"),
      line("hardware exits", exits: .all, statistic: isPVM ? nil : "exits"),
    ] + unreconciled
  }

  /// What one witness alone tells of: the rest of the hardware's exits, and what KVM did by the way.
  private var unreconciled: [WitnessLine] {
    var lines = [
      line("hardware exits: control registers", exits: .controlRegister),
      line("hardware exits: nested paging, MMIO", exits: .memory),
      line("hardware exits: exceptions", exits: .pageFault),
      line("hardware exits: interrupts of the host", exits: .interrupt),
    ]
    let kinds = HardwareExit.allCases.filter { $0 != .all }.compactMap { $0.selection(on: plan.host) }
    if let all = HardwareExit.all.selection(on: plan.host).flatMap(count), let known = sum(kinds),
      all >= known
    {
      lines.append(
        WitnessLine(
          "hardware exits: all others", ledger: nil, tracepoints: nil, hardwareExits: all - known,
          statistics: nil,
          relation: "kvm_exit"))
    }
    return lines + [
      line("page faults of KVM", [WitnessPlan.pageFaults]),
      line("changes of halt polling", [WitnessPlan.haltPolling]),
    ]
  }

  /// What KVM answered without coming to user space, for each of its own devices.
  public var kernelDevices: [(name: String, answered: UInt64?)] {
    plan.kernelDevices.map { place in
      (place.name, sum([Window.Space.port, .memory, .msr].flatMap { plan.kernelSelections(place, $0) }))
    }
  }

  // MARK: Lines

  /// - Parameter holds: false where the ledger counts something else this time.
  private func line(
    _ subject: String, ledger: UInt64? = nil, _ selections: [TracepointSelection] = [],
    exits: HardwareExit? = nil, statistic name: String? = nil, holds: Bool = true
  ) -> WitnessLine {
    let hardware = exits.flatMap { $0.selection(on: plan.host) }
    var relation: [String] = ledger != nil && holds ? ["ledger"] : []
    if !selections.isEmpty { relation.append(selections.map(\.description).joined(separator: " + ")) }
    if let hardware { relation.append(hardware.description) }
    if let name { relation.append(name) }
    return WitnessLine(
      subject, ledger: holds ? ledger : nil, tracepoints: selections.isEmpty ? nil : sum(selections),
      hardwareExits: hardware.flatMap(count), statistics: name.flatMap(statistic),
      relation: relation.joined(separator: " = "))
  }

  /// Nil where one of them is not counted.
  private func sum(_ selections: [TracepointSelection]) -> UInt64? {
    var sum: UInt64 = 0
    for selection in selections {
      guard let count = count(selection) else { return nil }
      sum += count
    }
    return sum
  }
}

extension Window.Space {
  fileprivate var plural: String {
    switch self {
    case .port: "ports"
    case .memory: "memory"
    case .msr: "MSRs"
    }
  }
}
