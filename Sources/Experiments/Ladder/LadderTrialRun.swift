import Board
import CLinux
import Guests
import Report
import Synchronization
import VMM
import Witness

/// One run of a trial's guest.
struct LadderTrialRun {
  private let trial: LadderTrial
  private let report: RunReport
  private let window: RunReport.WindowReport
  private let said: String
  private let processorSeconds: Double

  /// Runs it to its end.
  ///
  /// - Parameter isWitnessed: with all witnesses, whose end takes its time.
  /// - Throws: ``LadderFailure`` where the guest or a frame went wrong; ``Failure`` where the ladder cannot go on.
  init(_ trial: LadderTrial, isWitnessed: Bool) throws {
    self.trial = trial
    var request = GuestRequest("builtin:\(trial.image)", commandLine: trial.words.joined(separator: " "))
    request.nics = [trial.nic]
    let words = try GuestWords()
    let session = try Session(request, output: words.output)
    var options = Board.RunOptions()
    options.timeLimit = .seconds(60 + trial.packets / 1000)
    let clock = ProcessorClock()
    options.onMark = { clock.mark(isBegin: $0) }
    let witness = isWitnessed ? MachineWitness(session.witnessPlan) : nil
    report = try session.run(options, counts: nil, witness: witness)
    guard report.outcome.kind != "interrupted" else { throw Failure.status(report.outcome.status) }
    said = words.said
    guard report.outcome.kind == "exited", report.outcome.status == 0 else {
      let parts = [
        "the run ended by \(report.outcome.kind), status \(report.outcome.status)",
        report.outcome.detail ?? "",
        said,
      ]
      throw LadderFailure(parts.filter { !$0.isEmpty }.joined(separator: "; "))
    }
    guard let window = report.window else { throw LadderFailure("the guest set no marks") }
    self.window = window
    processorSeconds = clock.seconds
    if let wrong = report.devices.lazy.compactMap(\.frameTrouble).first { throw LadderFailure(wrong) }
    guard window.packets >= UInt64(trial.packets) else {
      throw LadderFailure("\(window.packets) packets of \(trial.packets) between the marks")
    }
  }

  var run: LadderReport.Run {
    LadderReport.Run(
      userExits: userExits,
      registers: window.registers.map {
        LadderReport.Register(device: $0.device, name: $0.name, reads: $0.reads, writes: $0.writes)
      }, coalesced: window.coalesced, kicks: window.kicks, interrupts: window.interrupts,
      seconds: window.seconds, processorSeconds: processorSeconds, latency: LadderReport.Latency(said))
  }

  private var userExits: UInt64 { window.exits.values.reduce(0, +) }

  /// Nil for a run without witnesses.
  var witnessed: LadderReport.Witnessed? {
    guard let whole = report.witness, let own = window.witness else { return nil }
    let lines = whole.lines + own.lines
    return LadderReport.Witnessed(
      userExits: userExits, kernelExits: kernelExits(own), interrupts: window.interrupts,
      hardwareExits: own.count(of: "hardware exits", \.hardwareExits),
      compared: lines.count { $0.isUsed && $0.difference != nil },
      differences: whole.differing.map(\.subject)
        + own.lines.filter { $0.difference ?? 0 != 0 }.map { "\($0.subject) of the window" },
      unavailable: whole.unavailable)
  }

  private func kernelExits(_ own: RunReport.WindowWitness) -> UInt64? {
    guard !own.kernel.isEmpty, let cpuid = own.count(of: "CPUID", \.tracepoints),
      let halts = own.count(of: "HLT", \.statistics)
    else { return nil }
    let answered = own.kernel.values.reduce(0, +)
    // A kick is an exit of one kind or the other; those that did not come to user space rang an eventfd.
    let written = window.registers.filter { $0.name == trial.rung.model.doorbell }.reduce(0) {
      $0 + $1.writes
    }
    let rung = trial.rung.model == .e1000 ? 0 : window.kicks &- min(window.kicks, written)
    return answered + cpuid + halts + window.coalesced + rung
  }
}

/// Why a trial has no figures.
struct LadderFailure: Error {
  let message: String

  init(_ message: String) {
    self.message = message
  }
}

/// Processor time of the process between the guest's marks.
private final class ProcessorClock: Sendable {
  private let nanoseconds = Mutex((begin: Int64(0), end: Int64(0)))

  func mark(isBegin: Bool) {
    var now = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    let time = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    nanoseconds.withLock { if isBegin { $0.begin = time } else { $0.end = time } }
  }

  var seconds: Double { nanoseconds.withLock { Double($0.end - $0.begin) / 1e9 } }
}

extension LadderRung.Model {
  /// The register whose writes are kicks.
  fileprivate var doorbell: String {
    switch self {
    case .e1000: "TDT"
    case .virtioPCI: "queue_notify"
    case .virtioMMIO: "QueueNotify"
    }
  }
}

extension RunReport.WindowWitness {
  fileprivate func count(of subject: String, _ witness: KeyPath<WitnessLine, UInt64?>) -> UInt64? {
    lines.first { $0.subject == subject }?[keyPath: witness]
  }
}

extension RunReport.DeviceReport {
  /// Frames that did not arrive whole and in order.
  fileprivate var frameTrouble: String? {
    guard let packets, packets.lost + packets.corrupt + packets.dropped > 0 else { return nil }
    return "\(name): \(packets.lost) frames lost, \(packets.corrupt) corrupt, \(packets.dropped) dropped"
      + (faults.first.map { ": \($0)" } ?? "")
  }
}

extension LadderReport.Latency {
  /// From the line of an echo image: `latency: median 47000 ns, 99% 61000 ns, ...`.
  init?(_ said: String) {
    let words = said.split { " ,;".contains($0) }
    guard let start = words.firstIndex(of: "latency:") else { return nil }
    func number(behind word: Substring) -> Double? {
      words[start...].firstIndex(of: word).flatMap { $0 + 1 < words.count ? Double(words[$0 + 1]) : nil }
    }
    guard let median = number(behind: "median"), let p99 = number(behind: "99%") else { return nil }
    self.init(medianNanoseconds: median, p99Nanoseconds: p99)
  }
}
