import Presentation
import Witness

extension RunReport.WitnessReport {
  /// For people: who answered each device, and then every count as each witness has it.
  var text: [String] {
    var table = TextTable(["device", "to user space", "in the kernel", "interrupts"])
    for device in devices where device.userSpace + (device.kernel ?? 0) + (device.interrupts ?? 0) > 0 {
      table.add([device.name, grouped(device.userSpace), cell(device.kernel), cell(device.interrupts)])
    }
    var counts = TextTable(
      ["witness", "ledger", "tracepoints", "kvm_exit", "statistics", "difference", "must be equal"],
      words: [0, 6])
    let used = lines.filter(\.isUsed)
    for line in used {
      counts.add([
        line.subject, cell(line.ledger), cell(line.tracepoints), cell(line.hardwareExits),
        cell(line.statistics), cell(line.difference),
        // Without the filters, which docs/witnesses.md and the JSON have.
        line.difference == nil ? "" : line.relation.withoutFilters,
      ])
    }
    return [""] + table.lines + [""] + counts.lines + [""] + [verdict(used)]
      + missing
  }

  /// Why witnesses are missing, those with the same reason together.
  private var missing: [String] {
    Dictionary(grouping: unavailable.keys.sorted()) { unavailable[$0]! }.sorted { $0.value[0] < $1.value[0] }
      .flatMap { reason, names in
        hanging("", "\(names.joined(separator: ", ")): unavailable here: \(reason)", width: 120)
      }
  }

  private func verdict(_ used: [WitnessLine]) -> String {
    let compared = used.count { $0.difference != nil }
    guard differing.isEmpty else {
      return "the witnesses DIFFER in "
        + differing.map { "\($0.subject) (\($0.relation))" }.joined(separator: "; ")
    }
    switch compared {
    case 0: return "no count was seen by more than one witness"
    case 1: return "1 count was seen by more than one witness; they agree"
    default: return "\(compared) counts were seen by more than one witness; they agree in all"
    }
  }

  private func cell(_ count: UInt64?) -> String { count.map(grouped) ?? "-" }
}
