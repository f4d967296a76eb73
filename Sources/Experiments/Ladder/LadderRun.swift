import Guests
import HostFacts

/// Climbs the ladder: runs one trial after the other.
public struct LadderRun {
  private let trials: [LadderTrial]
  private let runs: Int

  /// - Parameters:
  ///   - trials: at least one.
  ///   - runs: of each, beside one with all witnesses; at least 1.
  public init(_ trials: [LadderTrial], runs: Int) {
    self.trials = trials
    self.runs = runs
  }

  /// - Parameter progress: told before each trial how many are done, and what comes now.
  /// - Throws: ``Failure`` where KVM cannot be used, or a signal ends the work.
  public func report(progress: (Int, String) -> Void) throws -> LadderReport {
    var reports: [LadderReport.Trial] = []
    for (index, trial) in trials.enumerated() {
      progress(index, "\(trial.direction.rawValue), \(trial.size.rawValue): \(trial.rung.title)")
      var report = LadderReport.Trial(trial)
      do {
        report.witnessed = try LadderTrialRun(trial, isWitnessed: true).witnessed
        for _ in 0..<runs { report.runs.append(try LadderTrialRun(trial, isWitnessed: false).run) }
      } catch let failure as LadderFailure {
        report.failure = failure.message
      }
      reports.append(report)
    }
    return LadderReport(host: .current, trials: reports)
  }
}

extension LadderReport.Trial {
  fileprivate init(_ trial: LadderTrial) {
    self.init(
      rung: trial.rung.name, title: trial.rung.title, direction: trial.direction, size: trial.size,
      frameBytes: trial.size.bytes, packets: UInt64(trial.packets), command: trial.command,
      guide: trial.rung.guide, explanation: trial.rung.explanation, isExact: trial.rung.isExact)
  }
}
