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

  private init(samples: Int, minimum: Double, median: Double, p99: Double) {
    self.samples = samples
    self.minimum = minimum
    self.median = median
    self.p99 = p99
  }

  /// What is left without a baseline: of the minimum without its minimum, of median and percentile without its median, for
  /// what disturbs now and then disturbs the baseline too. Never smaller than the one before it.
  func less(_ baseline: Distribution) -> Distribution {
    let least = minimum - baseline.minimum
    let middle = max(least, median - baseline.median)
    return Distribution(
      samples: samples, minimum: least, median: middle, p99: max(middle, p99 - baseline.median))
  }

  /// The same in another unit.
  func scaled(by factor: Double) -> Distribution {
    Distribution(
      samples: samples, minimum: minimum * factor, median: median * factor, p99: p99 * factor)
  }
}
