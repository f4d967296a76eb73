import HostFacts
import TestSupport
import Testing
import VMM

@testable import Witness

/// The relations, with a test in the place of the kernel.
struct ReconciliationTests {
  private static let nic = WitnessPlan.Place(
    name: "nic", ranges: [.memory: [0xd000_0000...0xd000_0fff], .port: [0xc000...0xc03f]])
  private static let clock = WitnessPlan.Place(name: "clock", ranges: [.port: [0x70...0x70, 0x71...0x71]])

  private static func plan(_ host: HostKind, kernel: Bool = true) -> WitnessPlan {
    WitnessPlan(
      host: host, devices: [nic, clock], hasKernelInterruptControllers: kernel, interruptLines: [5],
      hasMessages: kernel)
  }

  /// Facts with a number of its own for each count.
  private static var facts: MachineFacts {
    var nic = MachineFacts.Device(name: "nic")
    nic.exits = [.memory: 100, .port: 7]
    nic.coalesced = [.memory: 20]
    nic.doorbells = [.memory: 3]
    var clock = MachineFacts.Device(name: "clock")
    clock.exits = [.port: 11]
    var unclaimed = MachineFacts.Device(name: "unclaimed")
    unclaimed.exits = [.port: 2, .memory: 1]
    return MachineFacts(
      exits: [.io: 20, .mmio: 101, .rdmsr: 4, .interrupted: 9], devices: [nic, clock], unclaimed: unclaimed,
      raised: [5: 6], messages: 8)
  }

  /// What an honest kernel counts beside these facts.
  private static func honest(_ plan: WitnessPlan) -> [TracepointSelection: UInt64] {
    var counts = Dictionary(plan.selections.map { ($0, UInt64(0)) }, uniquingKeysWith: { $1 })
    func set(_ selections: [TracepointSelection], _ values: UInt64...) {
      for (selection, value) in zip(selections, values) { counts[selection] = value }
    }
    set([WitnessPlan.userExits], 125)
    set([WitnessPlan.userExits(.io)], 20)
    set([WitnessPlan.userExits(.mmio)], 101)
    set([WitnessPlan.userExits(.rdmsr)], 4)
    set(plan.selections(nic, .memory), 120, 3)
    set(plan.selections(nic, .port), 7)
    set(plan.selections(clock, .port), 11)
    set(plan.unclaimed(.port), 2)
    set(plan.unclaimed(.memory), 1)
    set([WitnessPlan.rises(ofLine: 5)], 6)
    set([WitnessPlan.messages], 8)
    set([WitnessPlan.cpuid], 31)
    set([WitnessPlan.allMSRs], 40)
    let hardware: [HardwareExit: UInt64] = [.cpuid: 31, .msr: 44, .hlt: 12, .io: 22, .all: 999]
    for (kind, value) in hardware {
      if let selection = kind.selection(on: plan.host) { counts[selection] = value }
    }
    return counts
  }

  private static let statistics: [String: UInt64] = [
    "mmio_exits": 101, "halt_exits": 12, "io_exits": 22, "exits": 999,
  ]

  private static func lines(
    _ plan: WitnessPlan, _ counts: [TracepointSelection: UInt64],
    statistics: [String: UInt64] = statistics
  ) -> [WitnessLine] {
    Reconciliation(plan, facts, count: { counts[$0] }, statistic: { statistics[$0] ?? 0 }).lines
  }

  @Test(arguments: HostKind.allCases) func `honest witnesses agree in every line`(host: HostKind) {
    let plan = Self.plan(host)
    let lines = Self.lines(plan, Self.honest(plan))
    #expect(lines.filter { $0.difference ?? 0 != 0 }.map(\.subject) == [])
    #expect(lines.filter { $0.difference != nil && $0.isUsed }.count >= 10)
    #expect(lines.first { $0.subject == "nic: memory" }?.ledger == 123)
    #expect(lines.first { $0.subject == "exits to user space" }?.ledger == 125)
  }

  @Test(arguments: HostKind.allCases) func `one event too many or too few is seen, whatever it is`(
    host: HostKind
  ) {
    let plan = Self.plan(host)
    let honest = Self.honest(plan)
    // These have no second witness on some hosts.
    var alone: Set<TracepointSelection> = [
      WitnessPlan.cpuid, WitnessPlan.allMSRs, WitnessPlan.wideMemory, WitnessPlan.injections,
      WitnessPlan.hypercalls, WitnessPlan.pageFaults, WitnessPlan.haltPolling,
    ]
    for kind in [HardwareExit.controlRegister, .memory, .pageFault, .interrupt] {
      if let selection = kind.selection(on: host) { alone.insert(selection) }
    }
    for selection in plan.selections where !alone.contains(selection) {
      // Answered by the kernel, in view of nobody else.
      let isKernels = plan.kernelDevices.contains { place in
        [Window.Space.port, .memory, .msr].contains {
          plan.kernelSelections(place, $0).contains(selection)
        }
      }
      if isKernels { continue }
      var counts = honest
      counts[selection]! += 1
      let differing = Self.lines(plan, counts).filter { $0.difference ?? 0 != 0 }
      #expect(!differing.isEmpty, "\(selection) on \(host)")
      #expect(differing.allSatisfy { $0.difference == 1 })
    }
  }

  @Test func `a host without tracepoints compares the ledger with the statistics alone`() {
    let lines = Self.lines(Self.plan(.svm), [:])
    #expect(lines.allSatisfy { $0.tracepoints == nil && $0.hardwareExits == nil })
    #expect(lines.filter { $0.difference != nil }.map(\.subject) == ["exits to user space: mmio"])
  }

  @Test func `without in-kernel controllers the ledger's HLTs stand beside the kernel's`() {
    let plan = Self.plan(.svm, kernel: false)
    #expect(plan.interruptLines.isEmpty && plan.kernelDevices.isEmpty)
    let hlt = Self.lines(plan, Self.honest(plan)).first { $0.subject == "HLT" }
    #expect(hlt?.ledger == 0)
    #expect(hlt?.difference == 12)
  }

  @Test func `accesses wider than eight bytes withhold the relations that they break`() {
    let plan = Self.plan(.vtx)
    var counts = Self.honest(plan)
    counts[WitnessPlan.wideMemory] = 1
    counts[plan.selections(Self.nic, .memory)[0]]! += 50
    let memory = Self.lines(plan, counts).first { $0.subject == "nic: memory" }
    #expect(memory?.ledger == nil && memory?.difference == nil)
    #expect(memory?.tracepoints == 173)
  }

  @Test func `filters name exactly the addresses of a place`() {
    let plan = Self.plan(.pvm)
    #expect(
      plan.selections(Self.clock, .port).map(\.description) == ["kvm_pio{port == 112 || port == 113}"])
    #expect(
      plan.selections(Self.nic, .memory).map(\.description) == [
        "kvm_mmio{(type == 0 || type == 2) && ((gpa >= 3489660928 && gpa <= 3489665023))}",
        "kvm_fast_mmio{(gpa >= 3489660928 && gpa <= 3489665023)}",
      ])
  }
}
