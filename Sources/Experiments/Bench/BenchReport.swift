import HostFacts

/// Everything that `bench` found, in the form of its JSON: schema "swiftvmm.bench/1", docs/bench.md.
public struct BenchReport: Codable, Equatable, Sendable {
  public static let schema = "swiftvmm.bench/1"

  public let schema: String
  public let host: HostFacts
  /// Frequency of the time-stamp counter, in kHz.
  public let timestampKHz: Int
  /// The study guide's and the published figures beside those measured.
  public let published: [PublishedFigure]
  public let breakdown: [Breakdown]
  /// In the order of the table.
  public let rows: [BenchResult]

  /// - Parameters:
  ///   - results: of the lines wanted.
  ///   - systemCall: of ``BenchCase/systemCall`` in the same run.
  public init(host: HostFacts, timestampKHz: Int, results: [BenchResult], systemCall: BenchResult) {
    schema = Self.schema
    self.host = host
    self.timestampKHz = timestampKHz
    let unit = systemCall.nanoseconds?.median ?? 0
    rows = results.map { result in
      var result = result
      if let median = result.nanoseconds?.median, unit > 0 { result.systemCalls = median / unit }
      return result
    }
    breakdown = Breakdown.all(from: rows)
    published = PublishedFigure.beside(rows)
  }

  /// The lines whose witness counted something else than it must.
  public var miscounts: [BenchResult] { rows.filter { $0.count?.verified == false } }
}
