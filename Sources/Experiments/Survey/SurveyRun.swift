import Board
import Console
import Guests
import HostFacts
import KVM
import Report
import VMM
import Witness

/// Tries categories on this host, one guest after the other.
public struct SurveyRun {
  private let host: SurveyHost
  private let categories: [SurveyCategory]
  private let prices: SurveyPrices
  /// Of each guest: the shortest time counts, and any count that is wrong.
  private static let runs = 3

  /// - Parameters:
  ///   - categories: at least one.
  ///   - prices: where the costs come from.
  public init(_ categories: [SurveyCategory], on host: SurveyHost, prices: SurveyPrices) {
    self.host = host
    self.categories = categories
    self.prices = prices
  }

  /// How many guests there are to try.
  public var count: Int { categories.flatMap(\.cases).reduce(0) { $0 + 1 + $1.remedies.count } }

  /// - Parameter progress: told before each guest how many have been tried, and what comes now.
  /// - Throws: ``Failure`` where KVM cannot be used at all.
  public func report(progress: (Int, String) -> Void) throws(Failure) -> SurveyReport {
    var done = 0
    var reports: [SurveyReport.Category] = []
    for category in categories {
      var cases: [SurveyReport.Case] = []
      for one in category.cases {
        var trials: [SurveyReport.Trial] = []
        for (index, trial) in ([one.provocation] + one.remedies).enumerated() {
          progress(done, index == 0 ? trial.name : "\(one.provocation.name): \(trial.name)")
          trials.append(try run(trial, isProvocation: index == 0))
          done += 1
        }
        cases.append(
          SurveyReport.Case(
            provocation: trials[0], remedies: Array(trials.dropFirst()), guides: one.guides))
      }
      reports.append(
        SurveyReport.Category(
          name: category.name, title: category.title, guide: category.guide, cases: cases))
    }
    return SurveyReport(host: .current, nestedPaging: host.hasNestedPaging, categories: reports)
  }

  private func run(_ trial: SurveyTrial, isProvocation: Bool) throws(Failure) -> SurveyReport.Trial {
    var report = SurveyReport.Trial(trial, on: host)
    guard report.unavailable == nil else { return report }
    if isProvocation {
      switch trial.expectation {
      case .each(let exits): report.expected = exits * trial.events.count
      case .open(let reason): report.unforeseen = reason
      }
    }
    for _ in 0..<Self.runs where report.problem == nil {
      do throws(Failure) { report.take(try TrialRun(trial, host)) } catch {
        // Without a message it is a signal, which ends the survey; else the others may go well.
        guard let message = error.message else { throw error }
        report.fail(message)
      }
    }
    if let price = trial.price { report.cost = try prices.cost(price) }
    return report
  }
}

extension SurveyReport.Trial {
  /// A trial that has not run yet, or cannot on this host.
  init(_ trial: SurveyTrial, on host: SurveyHost) {
    self.init(
      name: trial.name, guest: (["builtin:\(trial.image)"] + trial.words).joined(separator: " "),
      events: trial.events.count, noun: trial.events.noun,
      witness: trial.witnessDescription(on: host),
      unavailable: trial.needs.lazy.compactMap { $0.obstacle(on: host) }.first)
  }

  fileprivate mutating func take(_ run: TrialRun) {
    switch run.result {
    case .success(let exits): self.exits = exits
    case .failure(let why): fail(why.reason)
    }
    aside = run.aside
    seconds = [seconds, run.seconds].compactMap(\.self).min()
  }

  fileprivate mutating func fail(_ reason: String) {
    exits = nil
    failure = reason
  }
}
