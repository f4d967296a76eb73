import Presentation

/// The study guide's parts of an exit, beside ours.
private struct Part: Sendable {
  let name: String
  let value: @Sendable (Breakdown) -> Double
  /// Cycles, as the guide has them.
  let guide: String

  static let all = [
    Part(
      name: "into the kernel and back to the guest", value: { $0.kernelCycles },
      guide: "1400 (500+200+500+200)"),
    Part(name: "on to user space and back into KVM", value: { $0.userCycles }, guide: "not counted"),
    Part(name: "our dispatch: device, ledger", value: { $0.dispatchCycles }, guide: "1000+"),
    Part(name: "an exit to user space in all", value: { $0.totalCycles }, guide: "2400"),
  ]
}

extension BenchReport {
  /// Where an exit's cycles go.
  var breakdownLines: [String] {
    guard !breakdown.isEmpty else { return [] }
    var table = TextTable(
      ["cycles of one exit, from the medians"] + breakdown.map { "\($0.path.rawValue)@\($0.cpl)" } + [
        "the study guide"
      ])
    for part in Part.all {
      table.add([part.name] + breakdown.map { briefCount(part.value($0)) } + [part.guide])
    }
    if let alone = rows.first(where: { $0.name == "kvm-run" })?.cycles?.median {
      table.add(
        ["(KVM_RUN without the guest: row kvm-run)"] + breakdown.map { _ in briefCount(alone) } + [""])
    }
    let paths = Breakdown.Path.allCases.filter { path in breakdown.contains { $0.path == path } }
    let sources = paths.map { path in
      let (kernel, user) = path.rows
      return "\(path.rawValue): \(kernel); \(user) less \(kernel) and dispatch; dispatch; \(user)"
    }
    return [""] + table.lines
      + wrapped("From the rows, in that order. " + sources.joined(separator: ". ") + ".", width: Self.width)
  }

  /// What others have published.
  var publishedLines: [String] {
    guard !published.isEmpty else { return [] }
    var table = TextTable(["others' figures", "source", "figure", "unit", "row", "here@0", "here@3"])
    for figure in published {
      table.add([
        figure.what, figure.source, figure.figure, figure.unit.rawValue, figure.row,
        figure.atCPL0.map(briefCount) ?? "-", figure.atCPL3.map(briefCount) ?? "-",
      ])
    }
    return [""] + table.lines
  }
}
