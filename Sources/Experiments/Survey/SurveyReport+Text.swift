import Presentation
import Witness

extension SurveyReport {
  /// The report for people: each category with what was provoked, below it what became of that by each means.
  public var lines: [String] {
    var lines = [Self.header, String(repeating: "-", count: BenchReport.width)]
    for category in categories {
      for (index, one) in category.cases.enumerated() {
        lines += Self.lines(one.provocation, guide: index == 0 ? category.guide : nil)
        for var remedy in one.remedies {
          remedy.name = "  " + remedy.name
          if remedy.unavailable != nil, remedy.unavailable == one.provocation.unavailable {
            remedy.unavailable = "as above"
          }
          lines += Self.lines(remedy, guide: nil)
        }
      }
    }
    lines.append("")
    lines += (remarks + notes).flatMap { wrapped($0, width: BenchReport.width) }
    lines += ["", "Counted by"] + witnesses
    return lines + problems.flatMap { hanging("WRONG: ", $0, width: BenchReport.width) }
  }

  // MARK: Lines of the table

  private enum Column {
    static let name = 31
    static let events = 18
    static let number = 7
    static let time = 8
  }

  private static let header = row(
    "exit, and ways to be rid of it", "the guest does", "kernel", "user", "each", "in all", "the guide")

  private static func row(
    _ name: String, _ events: String, _ kernel: String, _ user: String, _ cost: String, _ all: String,
    _ guide: String
  ) -> String {
    let cells = [
      padded(name, Column.name), right(events, Column.events), right(kernel, Column.number),
      right(user, Column.number), right(cost, Column.time), right(all, Column.time), guide,
    ]
    return withoutTrailingBlanks(cells.joined(separator: "  "))
  }

  private static func lines(_ trial: Trial, guide: SurveyCategory.Guide?) -> [String] {
    let name = trial.name
    let words = guide.map { "\($0.frequency); \($0.elimination)" } ?? ""
    guard let exits = trial.exits else {
      let why =
        trial.failure.map { "FAILED: \($0)" } ?? "unavailable here: \(trial.unavailable ?? "no reason given")"
      if guide != nil {
        return [row(name, "", "", "", "", "", words)] + hanging("  ", why, width: BenchReport.width)
      }
      return hanging(padded(name, Column.name) + "  ", why, width: BenchReport.width)
    }
    let cost = trial.cost?.medianNanoseconds.map(briefTime) ?? "-"
    return [
      row(
        name, "\(grouped(trial.events)) \(trial.noun)", exits.kernel.map(grouped) ?? "-", grouped(exits.user),
        cost, trial.seconds.map { briefTime($0 * 1e9) } ?? "-", words)
    ]
  }

  // MARK: Below the table

  /// Each witness, and the categories that it counted something of.
  private var witnesses: [String] {
    var order: [String] = []
    var titles: [String: [String]] = [:]
    for category in categories {
      for trial in category.cases.flatMap({ [$0.provocation] + $0.remedies }) where trial.exits?.kernel != nil
      {
        let name = trial.witness.withoutFilters
        if titles[name] == nil { order.append(name) }
        if titles[name]?.last != category.title { titles[name, default: []].append(category.title) }
      }
    }
    let column = order.map(\.count).max() ?? 0
    return order.flatMap { name in
      hanging("  \(padded(name, column))  ", titles[name]!.joined(separator: "; "), width: BenchReport.width)
    }
  }

  private var notes: [String] {
    let paging = nestedPaging.map { $0 ? "nested paging" : "shadow paging" } ?? "paging unknown"
    var notes = [
      """
      kernel: exits that KVM answered; user: returns of KVM_RUN; each: the median cost of one by 'swiftvmm \
      bench', where it has such a row; in all: the guest's shortest time of three runs, of HLTs and interrupts \
      what the timer takes; the guide: how often, and whether it can be eliminated. \
      On \(host.kvm.rawValue) (\(paging)), \(host.cpu), Linux \(host.kernel).
      """
    ]
    let agreeing = trials.filter { $0.exits?.hardware != nil && $0.problem == nil }.count
    if agreeing > 0 { notes.append("kvm_exit, asked besides in \(agreeing) runs, counted the same.") }
    let missing = Set(trials.compactMap(\.exits?.kernelUnavailable)).sorted()
    if !missing.isEmpty { notes.append("Not counted in the kernel: \(missing.joined(separator: "; ")).") }
    let unpriced = Set(trials.compactMap(\.cost?.unavailable)).sorted()
    if !unpriced.isEmpty { notes.append("Without a price: \(unpriced.joined(separator: "; ")).") }
    return notes
  }
}
