import Guests
import Witness

/// What exits cost, by rows of `bench`: each is measured once, when it is first asked for.
public final class SurveyPrices {
  private let bench: Bench
  private var known: [SurveyPrice: SurveyReport.Cost] = [:]

  /// - Throws: ``Failure`` where KVM cannot be used.
  public init() throws(Failure) {
    bench = try Bench()
  }

  /// - Throws: ``Failure`` where a run was ended from outside. What this host cannot do is in the answer.
  func cost(_ price: SurveyPrice) throws(Failure) -> SurveyReport.Cost {
    if let cost = known[price] { return cost }
    var cost = SurveyReport.Cost(row: price.row, level: price.level)
    switch try median(price) {
    case .success(let nanoseconds): cost.medianNanoseconds = nanoseconds
    case .failure(let why): cost.unavailable = why.reason
    }
    known[price] = cost
    return cost
  }

  private func median(_ price: SurveyPrice) throws(Failure) -> Result<Double, Unavailable> {
    guard let row = BenchRow.named(price.row) else {
      return .failure(Unavailable("bench has no row \(price.row)"))
    }
    do throws(Failure) { return try bench.cost(of: row, level: price.level) } catch {
      // Without a message it is a signal.
      guard let message = error.message else { throw error }
      return .failure(Unavailable(message))
    }
  }
}
