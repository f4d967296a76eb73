import HostFacts
import Presentation

extension BenchReport {
  /// No line is longer, unless a reason holds a word that is.
  static let width = 120

  /// The table for people.
  public var text: String {
    var lines = header
    for group in BenchRow.Group.allCases {
      let results = rows.filter { $0.group == group }
      guard !results.isEmpty else { continue }
      lines += ["", group.title] + results.map(\.line) + notes(on: results)
    }
    lines += [""] + legend + breakdownLines + publishedLines
    return lines.map(withoutTrailingBlanks).joined(separator: "\n") + "\n"
  }

  private var header: [String] {
    [
      "What an exit costs on this host: \(host.kvm.rawValue), \(host.cpu), Linux \(host.kernel)",
      "Time-stamp counter \(decimal(Double(timestampKHz) / 1e6, 3)) GHz; guests at CPL 0 and CPL 3 as column CPL says. "
        + "What was counted must be exact;",
      "times are this host's at this moment.",
      "",
      BenchResult.columns(
        "", "", ["guest's time-stamp counter", "its cycles", "host's clock"], "times", "", ""),
      BenchResult.columns(
        "", "CPL", [Self.heads(7), Self.heads(6), right("min", 8) + right("median", 9)], "getpid", "count",
        "by"),
    ]
  }

  private static func heads(_ width: Int) -> String {
    ["min", "median", "99 %"].map { right($0, width) }.joined(separator: " ")
  }

  private var legend: [String] {
    wrapped(
      """
      One operation from guest mode and back: min, median and 99th percentile without the baseline, which is \
      reading the counter twice; by the host's clock, whole batches over their number, which can drown in the \
      host's noise. times getpid: the median as a multiple of that system call's. count: how many a witness saw, \
      and which: our ledger, an eventfd, a statistic of KVM's, a tracepoint. 'swiftvmm bench --rows list' says \
      what each row does.
      """, width: Self.width)
  }

  /// What stands below a group: why a count is missing, 0 or wrong.
  private func notes(on results: [BenchResult]) -> [String] {
    var reasons: [(text: String, places: [String])] = []
    for result in results {
      guard let text = result.note else { continue }
      if let index = reasons.firstIndex(where: { $0.text == text }) {
        reasons[index].places.append(result.place)
      } else {
        reasons.append((text, [result.place]))
      }
    }
    return reasons.flatMap { reason in
      hanging("  * ", "\(reason.places.joined(separator: ", ")): \(reason.text)", width: Self.width)
    }
  }
}

extension BenchResult {
  /// Name and privilege level.
  public var place: String { cpl.map { "\(name)@\($0)" } ?? name }

  var note: String? {
    if let countUnavailable { return "not counted: \(countUnavailable)" }
    guard let count else { return nil }
    if let silence = count.silence { return "no exit that KVM sees: \(silence)" }
    return count.verified ? nil : "MISCOUNTED: \(count.by) saw \(count.counted) of \(count.operations)"
  }

  /// A line of the table, in fixed columns.
  static func columns(
    _ name: String, _ level: String, _ times: [String], _ calls: String, _ count: String, _ witness: String
  ) -> String {
    let left = padded(name, 17) + right(level, 3)
    let parts = zip(times, [25, 22, 18]).map { right($0, $1) }
    let end = right(calls, 8) + right(count, 8) + (witness.isEmpty ? "" : " \(witness)")
    return left + parts.joined() + end
  }

  var line: String {
    let level = cpl.map(String.init) ?? "-"
    guard let nanoseconds, let cycles, let hostClock else {
      return padded("  " + name, 17) + right(level, 3) + "  unavailable: \(unavailable ?? "not measured")"
    }
    let times = [
      [nanoseconds.minimum, nanoseconds.median, nanoseconds.p99].map { right(briefTime($0), 7) },
      [cycles.minimum, cycles.median, cycles.p99].map { right(briefCount($0), 6) },
      [hostClock.minimumNs, hostClock.medianNs].map { right($0 < 0 ? "noise" : briefTime($0), 8) },
    ].map { $0.joined(separator: " ") }
    return Self.columns(
      "  " + name, level, times, systemCalls.map(briefCount) ?? "-",
      count.map { grouped($0.counted) } ?? "-", count?.by ?? "")
  }
}

/// `text` with blanks before it up to `width`.
func right(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
