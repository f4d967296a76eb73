import Presentation

extension SurveyReport {
  /// Where the counts contradict the guide, or go beyond it: a sentence each.
  public var remarks: [String] { categories.flatMap(\.remarks) }
}

extension SurveyReport.Category {
  var remarks: [String] { cases.flatMap { remarks($0) } }

  private func remarks(_ one: SurveyReport.Case) -> [String] {
    let before = one.provocation.exits?.total
    let measured = one.remedies.compactMap { remedy in remedy.exits?.total.map { (remedy, $0) } }
    var remarks: [String] = []
    if guide.isFinal, let (best, left) = measured.min(by: { $0.1 < $1.1 }) {
      // Where nothing was provoked here, an event stands for the exit that it would be.
      let most = before ?? best.events
      if left < most {
        remarks.append(
          "\(one.provocation.name): the guide sees no way to eliminate these; with \(best.name) "
            + "\(exits(left)) of \(grouped(most)).")
      }
    }
    if guide.isHopeful, let name = one.guides, let meant = measured.first(where: { $0.0.name == name }) {
      let others = measured.filter { $0.0.name != name && $0.1 <= meant.1 }.map(\.0.name)
      if !others.isEmpty {
        remarks.append(
          "\(one.provocation.name): the guide names \(name) (\(exits(meant.1))); "
            + "\(others.joined(separator: ", ")) \(others.count == 1 ? "does" : "do") no worse.")
      }
      if let before, meant.1 >= before {
        remarks.append(
          "\(one.provocation.name): the guide promises much of \(name), but \(exits(meant.1)) as before.")
      }
    }
    return remarks + silent(one) + useless(one) + unchecked(one) + one.remedies.compactMap(\.remark)
  }

  /// Provocations of which nobody can say beforehand how many exits they are.
  private func unchecked(_ one: SurveyReport.Case) -> [String] {
    guard let why = one.provocation.unforeseen, let total = one.provocation.exits?.total else { return [] }
    return ["\(one.provocation.name): the \(grouped(total)) exits are not checked: \(why)."]
  }

  /// Means that change no count.
  private func useless(_ one: SurveyReport.Case) -> [String] {
    guard let before = one.provocation.exits, before.total != nil else { return [] }
    let names = one.remedies.filter {
      $0.exits?.kernel == before.kernel && $0.exits?.user == before.user
    }.map(\.name)
    guard !names.isEmpty else { return [] }
    return [
      "\(one.provocation.name): \(names.joined(separator: ", ")) \(names.count == 1 ? "leaves" : "leave") "
        + "the exits as they are."
    ]
  }

  /// Means that leave the number of exits as it is, and take all of them from user space.
  private func silent(_ one: SurveyReport.Case) -> [String] {
    guard let before = one.provocation.exits, before.user > 0, guide.isFinal else { return [] }
    let kept = one.remedies.filter { $0.exits.map { $0.user == 0 && $0.kernel ?? 0 > 0 } ?? false }
    guard !kept.isEmpty else { return [] }
    return [
      "\(one.provocation.name): \(kept.map(\.name).joined(separator: ", ")) leaves the exits, "
        + "but none of them goes to user space."
    ]
  }

  private func exits(_ count: UInt64) -> String {
    switch count {
    case 0: "no exits are left"
    case 1: "1 exit is left"
    default: "\(grouped(count)) exits are left"
    }
  }
}

extension SurveyReport.Trial {
  fileprivate var remark: String? {
    aside.map {
      "\(name): KVM's counter \($0.statistic) says \(grouped($0.value)) of \(grouped(events)) \(noun)."
    }
  }
}
