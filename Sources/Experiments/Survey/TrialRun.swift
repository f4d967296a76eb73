import Board
import Console
import Guests
import KVM
import Report
import VMM
import Witness

/// One run of a trial's guest, with its witnesses around it.
struct TrialRun {
  private let trial: SurveyTrial
  private let host: SurveyHost
  private let session: Session
  private let words: GuestWords
  private let tracepoints: TracepointWitness
  private let report: RunReport

  /// Runs it to its end.
  ///
  /// - Throws: ``Failure`` where the run could not be had, or was ended from outside.
  init(_ trial: SurveyTrial, _ host: SurveyHost) throws(Failure) {
    self.trial = trial
    self.host = host
    var request = GuestRequest("builtin:\(trial.image)", commandLine: trial.words.joined(separator: " "))
    request.adjust = trial.machine
    words = try GuestWords()
    session = try Session(
      request, output: words.output,
      more: { _ throws(MachineError) in
        guard let answer = trial.device else { return [] }
        do throws(KVMError) { return [try SurveyDevice(answer)] } catch { throw .kvm(error) }
      })
    var options = Board.RunOptions()
    options.timeLimit = .seconds(30)
    let source = trial.isInterrupted ? try Self.source(session, trial.events.count) : nil
    options.started = { source?.start() }
    // From here on: the vCPUs' threads are this one's.
    tracepoints = TracepointWitness(trial.count.selections(on: host, at: trial.place))
    // It ends with the machine, also where the run fails.
    defer { source?.join() }
    report = try session.run(options, counts: nil)
    guard report.outcome.kind != "interrupted" else { throw .status(report.outcome.status) }
  }

  private static func source(_ session: Session, _ count: UInt64) throws(Failure) -> InterruptSource {
    do throws(KVMError) { return try InterruptSource(session.board.machine, count: count) } catch {
      throw Failure(error)
    }
  }

  /// The exits, or how the guest ended instead of doing its work.
  var result: Result<SurveyReport.Exits, Unavailable> {
    guard report.outcome.kind == "exited", report.outcome.status == 0 else {
      let detail = [report.outcome.detail ?? "", words.said].filter { !$0.isEmpty }.joined(separator: "; ")
      return .failure(
        Unavailable("the run ended by \(report.outcome.kind), status \(report.outcome.status): \(detail)"))
    }
    var exits = SurveyReport.Exits(user: userExits)
    do throws(Unavailable) {
      let seen = try witnessed()
      guard seen >= known else {
        return .failure(Unavailable("\(known) exits came to user space, but the witness saw \(seen)"))
      }
      exits.kernel = seen - known
    } catch {
      exits.kernelUnavailable = error.reason
    }
    exits.hardware = trial.count.hardware(on: host)?.selection(on: host.kind, at: trial.place).flatMap {
      try? tracepoints.count($0)
    }
    return .success(exits)
  }

  /// Between the guest's marks.
  var seconds: Double? { report.window?.seconds }

  /// The counter that the trial asks for besides, where this KVM has it.
  var aside: SurveyReport.Aside? {
    guard let name = trial.aside, let value = try? statistic(name) else { return nil }
    return SurveyReport.Aside(statistic: name, value: value)
  }

  private func device(_ name: String) -> UInt64 { report.devices.first { $0.name == name }?.exits ?? 0 }

  /// The trial's exits to user space.
  private var userExits: UInt64 {
    switch trial.count.ledger {
    case .window: report.window?.exits.values.reduce(0, +) ?? 0
    case .device(let name), .apart(let name):
      report.window.map { $0.exits[name] ?? 0 } ?? device(name)
    case .reason(let reason): report.exits.byReason[reason.name] ?? 0
    }
  }

  /// The exits to user space among those that the witness saw, in the whole run.
  private var known: UInt64 {
    switch trial.count.ledger {
    case .window, .reason: userExits
    case .device(let name): device(name)
    case .apart: 0
    }
  }

  private func witnessed() throws(Unavailable) -> UInt64 {
    switch trial.count.witness(on: host) {
    case .tracepoints(let selections):
      var sum: UInt64 = 0
      for selection in selections { sum += try tracepoints.count(selection) }
      return sum
    case .hardware(let exit):
      guard let selection = exit.selection(on: host.kind, at: trial.place) else {
        throw Unavailable("no tracepoint tells these exits apart on this kind of host")
      }
      return try tracepoints.count(selection)
    case .statistic(let name): return try statistic(name)
    }
  }

  private func statistic(_ name: String) throws(Unavailable) -> UInt64 {
    try MachineStatistic(name).sum(over: session.board.machine.vcpus)
  }
}

extension SurveyCount {
  /// All tracepoints that are to be counted.
  fileprivate func selections(on host: SurveyHost, at place: UInt64?) -> [TracepointSelection] {
    var selections: [TracepointSelection] = []
    switch witness(on: host) {
    case .tracepoints(let own): selections = own
    case .hardware(let exit): selections = [exit.selection(on: host.kind, at: place)].compactMap(\.self)
    case .statistic: break
    }
    return selections + [hardware(on: host)?.selection(on: host.kind, at: place)].compactMap(\.self)
  }
}

extension SurveyTrial {
  /// What counts it, with the kernel's filter.
  func witnessDescription(on host: SurveyHost) -> String {
    switch count.witness(on: host) {
    case .tracepoints(let selections): selections.map(\.description).joined(separator: " + ")
    case .statistic(let name): "statistics \(name)"
    case .hardware(let exit): exit.selection(on: host.kind, at: place)?.description ?? "kvm_exit"
    }
  }
}
