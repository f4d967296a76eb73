import ArgumentParser
import CLinux
import Experiments
import Guests
import KVM
import Presentation
import VMM

struct SurveyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "survey",
    abstract: "Provokes every kind of exit on purpose, counts it, and tries what may do away with it.",
    discussion: """
      The categories are those of the study guide "VM Exit Minimization", whose words stand beside the counts. \
      What this host cannot do is said with the reason. Exits that KVM answers are counted only as root, or with \
      CAP_PERFMON and a tracefs that this user may read. Ends with 1 where a count is not what was provoked.
      """)

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp("Only these categories, parted by commas; 'list' lists them.", valueName: "names"))
  var categories: String?

  func run() throws {
    if categories == "list" {
      let names = SurveyCategory.all.map { "\(padded($0.name, 16)) \($0.title)\n" }
      return try writeToStandardOutput(names.joined())
    }
    Signals.prepare()
    let chosen = try chosen()
    let jsonFile = try json.map { path throws(Failure) in try OutputFile(path) }
    let host: SurveyHost
    do throws(KVMError) { host = SurveyHost(try System()) } catch { throw Failure(error) }
    let run = SurveyRun(chosen, on: host, prices: try SurveyPrices())
    let progress = Progress(count: run.count)
    defer { progress.clear() }
    let report = try run.report { progress.show($0, $1) }
    progress.clear()
    try writeToStandardOutput(report.lines.map { $0 + "\n" }.joined())
    try jsonFile?.write(Presentation.json(report))
    guard report.problems.isEmpty else {
      throw Failure(status: 1, message: "a count is not what was provoked: see below the table")
    }
  }

  /// The categories in the guide's order, each once.
  private func chosen() throws(Failure) -> [SurveyCategory] {
    guard let categories else { return SurveyCategory.all }
    let names = categories.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for name in names where SurveyCategory.named(name) == nil {
      throw .usage("--categories: no category '\(name)'; '--categories list' lists them")
    }
    return SurveyCategory.all.filter { names.contains($0.name) }
  }
}
