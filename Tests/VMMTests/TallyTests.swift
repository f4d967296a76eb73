import TestSupport
import Testing

@testable import VMM

/// Sums of lines, and quantiles of their histograms.
@Suite struct TallyTests {
  /// A line that has counted `durations`, as the ledger gives it.
  private func tally(_ durations: [UInt32]) throws -> Tally {
    let ledger = try Ledger(layout: LedgerLayout())
    for ticks in durations { ledger.record(0, ticks: ticks) }
    return ledger.tally(ofLine: 0)
  }

  @Test func `the sum of two lines is the line that counted both`() throws {
    var random = SplitMix64(seed: 1)
    for _ in 0..<50 {
      let (one, other) = (durations(&random), durations(&random))
      var sum = try tally(one)
      sum += try tally(other)
      let whole = try tally(one + other)
      #expect(sum.exits == whole.exits)
      #expect(sum.ticks == whole.ticks)
      #expect(sum.buckets.map(\.ticks) == whole.buckets.map(\.ticks))
      #expect(sum.buckets.map(\.count) == whole.buckets.map(\.count))
    }
  }

  @Test func `items and coalesced writes add up too`() {
    var one = Tally()
    (one.exits, one.items, one.coalesced, one.ticks) = (1, 2, 3, 4)
    var sum = one
    sum += one
    #expect((sum.exits, sum.items, sum.coalesced, sum.ticks) == (2, 4, 6, 8))
    #expect(sum.accesses == 12)
  }

  @Test(arguments: [0, 0.1, 0.5, 0.9, 0.99, 1])
  func `a quantile is the bucket of the duration at that place among all, sorted`(fraction: Double) throws {
    var random = SplitMix64(seed: 2)
    for _ in 0..<50 {
      let durations = durations(&random)
      let place = min(durations.count - 1, Int(Double(durations.count) * fraction))
      let expected = LedgerLine.lowerBound(ofBucket: LedgerLine.bucket(of: durations.sorted()[place]))
      #expect(try tally(durations).quantile(fraction) == expected)
    }
  }

  @Test func `nothing counted has no quantile but 0`() {
    #expect(Tally().quantile(0.5) == 0)
    #expect(Tally().quantile(1) == 0)
  }

  /// Some durations of all magnitudes, at least 1: a reading of 0 is filed with those of 2, out of order.
  private func durations(_ random: inout SplitMix64) -> [UInt32] {
    (0..<Int.random(in: 1...100, using: &random)).map { _ in max(1, random.duration()) }
  }
}
