import ArgumentParser
import Experiments
import Guests
import KVM
import Presentation
import VMM

struct LadderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ladder",
    abstract: "Sends the same packets through each technology, from emulation to no exit at all.",
    discussion: """
      Each rung runs several times in each direction and at each size, and once more with all witnesses. Counts of \
      rungs that no clock and no other thread disturbs must be the same each time. What the study guide "VM Exit \
      Minimization" says stands beside. Exits that KVM answers are counted only as root, or with CAP_PERFMON and a \
      tracefs that this user may read. Ends with 1 where a count, a witness or a frame is not as it must be.
      """)

  @Option(help: "Packets of each run; of 64K frames a tenth.")
  var packets = 1000

  @Option(help: "Runs of each trial, beside the one with all witnesses.")
  var runs = 3

  @Option(
    help: ArgumentHelp(
      "Only these rungs, parted by commas, * for any characters; 'list' lists them.", valueName: "names"))
  var rungs: String?

  @Option(help: ArgumentHelp("Only these directions: transmit, receive, echo.", valueName: "names"))
  var directions: String?

  @Option(help: ArgumentHelp("Only these sizes in bytes: 64, 1514, 64K.", valueName: "sizes"))
  var sizes: String?

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard (1...1_000_000_000).contains(packets) else {
      throw ValidationError("--packets: 1 to 1000000000, please")
    }
    guard (1...100).contains(runs) else { throw ValidationError("--runs: 1 to 100, please") }
  }

  func run() throws {
    if rungs == "list" {
      return try writeToStandardOutput(
        LadderRung.all.map { "\(padded($0.name, 24)) \($0.title)\n" }.joined())
    }
    Signals.prepare()
    let trials = LadderTrial.all(
      try chosenRungs(), try chosen(directions, "--directions"), try chosen(sizes, "--sizes"),
      packets: packets)
    guard !trials.isEmpty else {
      throw Failure.usage("no rung of these goes in these directions at these sizes; see docs/ladder.md")
    }
    let jsonFile = try json.map { path throws(Failure) in try OutputFile(path) }
    do throws(KVMError) { _ = try System() } catch { throw Failure(error) }
    let progress = Progress(count: trials.count)
    defer { progress.clear() }
    let report = try LadderRun(trials, runs: runs).report { progress.show($0, $1) }
    progress.clear()
    try writeToStandardOutput(report.lines.map { $0 + "\n" }.joined())
    try jsonFile?.write(Presentation.json(report))
    guard report.problems.isEmpty else {
      throw Failure(
        status: 1, message: "a count, a witness or a frame is not as it must be: see below the tables")
    }
  }

  /// In the ladder's order, each once.
  private func chosenRungs() throws(Failure) -> [LadderRung] {
    guard let rungs else { return LadderRung.all }
    var unknown = ""
    guard let chosen = LadderRung.selected(by: rungs, unknown: &unknown) else {
      throw .usage("--rungs: no rung '\(unknown)'; '--rungs list' lists them")
    }
    return chosen
  }

  private func chosen<Choice: CaseIterable & RawRepresentable<String>>(
    _ text: String?, _ option: String
  ) throws(Failure) -> [Choice] {
    guard let text else { return Array(Choice.allCases) }
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for word in words where Choice(rawValue: word) == nil {
      let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw .usage("\(option): '\(word)' is none of \(all)")
    }
    return Choice.allCases.filter { words.contains($0.rawValue) }
  }
}
