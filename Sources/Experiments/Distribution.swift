/// How a measured quantity is spread: never a mean, which one interrupt of the host's can move.
public struct Distribution: Codable, Equatable, Sendable {
  public let samples: Int
  public let minimum: Double
  public let median: Double
  /// The 99th percentile: 99 of 100 samples are at most this.
  public let p99: Double

  /// - Parameter values: at least one, in any order.
  public init(_ values: [Double]) {
    precondition(!values.isEmpty)
    let sorted = values.sorted()
    func quantile(_ part: Double) -> Double {
      sorted[min(sorted.count - 1, max(0, Int((part * Double(sorted.count)).rounded(.up)) - 1))]
    }
    samples = sorted.count
    minimum = sorted[0]
    median = quantile(0.5)
    p99 = quantile(0.99)
  }
}
