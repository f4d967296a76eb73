import ArgumentParser
import CLinux
import Experiments
import Guests
import KVM
import Presentation
import VMM

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures what an exit costs, from guest mode and back, kind by kind.",
    discussion: """
      Each row repeats one operation in a guest at CPL 0 and at CPL 3, takes its time by the guest's time-stamp \
      counter and by the host's clock, and lets a witness count it. The exit status is 1 where a count is wrong. \
      Rows: \(BenchRow.all.map(\.name).joined(separator: ", ")). '--rows list' says what each does.
      """)

  @Option(
    help: ArgumentHelp(
      "Only these: names with * for any characters, and perhaps @0 or @3 for one CPL; or list.",
      valueName: "pattern[,pattern]"))
  var rows: String?

  @Option(
    help: ArgumentHelp("About so many samples of each row; 2000 of most if not given.", valueName: "number"))
  var samples: Int?

  @Option(help: ArgumentHelp("Write the results as JSON.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard samples.map({ (1...65536).contains($0) }) ?? true else {
      throw ValidationError("--samples: 1 to 65536, please")
    }
  }

  func run() throws {
    if rows == "list" { return try writeToStandardOutput(Self.list) }
    Signals.prepare()
    let lines = try chosen()
    let file = try json.map { path throws(Failure) in try OutputFile(path) }
    let report = try measure(lines)
    try writeToStandardOutput(report.text)
    try file?.write(Presentation.json(report))
    let wrong = report.miscounts
    guard wrong.isEmpty else {
      throw Failure(
        status: 1, message: "counted wrongly: \(wrong.map(\.place).joined(separator: ", ")); see the table")
    }
  }

  private func measure(_ lines: [BenchCase]) throws(Failure) -> BenchReport {
    let bench = try Bench()
    // Everything is compared with it, so it is measured even where nobody asked to see it.
    let systemCall = try bench.run(.systemCall, samples: samples)
    var results: [BenchResult] = []
    let progress = Progress(count: lines.count)
    defer { progress.clear() }
    for (index, line) in lines.enumerated() {
      let level = line.level.map { ", CPL \($0)" } ?? ""
      progress.show(index, line.row.name + level)
      let isSystemCall = line.row.name == systemCall.name
      results.append(isSystemCall ? systemCall : try bench.run(line, samples: samples))
    }
    return BenchReport(
      host: bench.host, timestampKHz: bench.timestampKHz, results: results, systemCall: systemCall)
  }

  private func chosen() throws(Failure) -> [BenchCase] {
    guard let rows else { return BenchCase.all }
    do throws(RowSelection.Mismatch) { return try RowSelection(rows).cases } catch {
      throw .usage(error.description)
    }
  }

  private static var list: String {
    var text = ""
    for group in BenchRow.Group.allCases {
      text += "\(group.title)\n"
      for row in BenchRow.all where row.group == group {
        let levels = row.levels.map(String.init).joined(separator: " and ")
        text += "  \(padded(row.name, 16))\(row.summary)\(levels.isEmpty ? "" : "; CPL \(levels)")\n"
      }
    }
    return text
  }
}
