import TestSupport
import Testing

@testable import VMM

/// The histogram's buckets: four an octave, in the order of ``LedgerLine/buckets``.
@Suite struct LedgerLineTests {
  private static let sums = [LedgerLine.ticks, LedgerLine.items, LedgerLine.coalesced]

  /// Every power of two with its neighbours, and random durations of all magnitudes.
  private static let durations: [UInt32] = {
    var random = SplitMix64(seed: 1)
    let powers = (0..<32).flatMap { power in [0 &- 1, 0, 1].map { (1 as UInt32) << power &+ $0 } }
    let others = (0..<20_000).map { _ in random.duration() }
    return powers + others + [0, .max]
  }()

  /// A bucket's first duration, and the first that is beyond it.
  private func bounds(ofBucket bucket: Int) throws -> Range<UInt64> {
    let place = try #require(LedgerLine.buckets.firstIndex(of: bucket))
    let next = place + 1 < LedgerLine.buckets.count ? LedgerLine.buckets[place + 1] : nil
    return LedgerLine.lowerBound(ofBucket: bucket)..<(next.map(LedgerLine.lowerBound) ?? 1 << 32)
  }

  @Test func `buckets and sums have a word each, and the words lie in the line`() {
    let all = LedgerLine.buckets + Self.sums
    #expect(Set(all).count == all.count)
    #expect(all.allSatisfy((0..<LedgerLine.words).contains))
  }

  @Test func `no duration falls outside the buckets, or onto the words that hold sums`() {
    let buckets = Set(LedgerLine.buckets)
    for ticks in Self.durations {
      let bucket = LedgerLine.bucket(of: ticks)
      #expect(buckets.contains(bucket) && !Self.sums.contains(bucket), "\(ticks) ticks")
    }
  }

  @Test func `a duration lies between the first of its bucket and the first of the next`() throws {
    for ticks in Self.durations + Array(0..<3000) where ticks > 0 {
      #expect(try bounds(ofBucket: LedgerLine.bucket(of: ticks)).contains(UInt64(ticks)), "\(ticks) ticks")
    }
  }

  @Test func `both ends of a bucket are in it, and the buckets touch from 1 tick to 2^32`() throws {
    var end: UInt64 = 1
    for bucket in LedgerLine.buckets {
      let bounds = try bounds(ofBucket: bucket)
      #expect(bounds.lowerBound == end)
      end = bounds.upperBound
      // Between 2 and 4 ticks there are fewer whole numbers than buckets.
      guard let last = bounds.last else { continue }
      #expect(LedgerLine.bucket(of: UInt32(bounds.lowerBound)) == bucket)
      #expect(LedgerLine.bucket(of: UInt32(last)) == bucket)
    }
    #expect(end == 1 << 32)
  }

  @Test func `a longer duration never has a lower bucket`() throws {
    var places = Array(repeating: -1, count: LedgerLine.words)
    for (place, bucket) in LedgerLine.buckets.enumerated() { places[bucket] = place }
    var previous = 0
    for ticks in Array(1..<100_000) + Self.durations.filter({ $0 >= 100_000 }).sorted() {
      let place = places[LedgerLine.bucket(of: ticks)]
      #expect(place >= previous, "\(ticks) ticks")
      previous = place
    }
    #expect(previous == LedgerLine.buckets.count - 1)
  }

  @Test func `a bucket begins at most a quarter below what is in it, and below 8 ticks it is exact`() {
    for ticks in Self.durations + Array(1..<3000) where ticks > 0 {
      let start = LedgerLine.lowerBound(ofBucket: LedgerLine.bucket(of: ticks))
      #expect(start <= ticks)
      #expect(UInt64(ticks) * 4 < start * 5)
      if ticks < 8 { #expect(start == ticks) }
    }
  }

  @Test func `a small negative difference of two clocks is in the last bucket`() {
    for ticks: UInt32 in [1, 2, 1000, 1 << 28, 1 << 29] {
      #expect(LedgerLine.bucket(of: 0 &- ticks) == LedgerLine.buckets.last)
    }
  }

  @Test func `no time at all is filed with 2 ticks`() {
    #expect(LedgerLine.bucket(of: 0) == LedgerLine.bucket(of: 2))
  }

  @Test func `counting touches the bucket and the sum of its own line, and no other word`() throws {
    let ledger = try Ledger(layout: LedgerLayout())
    for ticks in Self.durations.prefix(500) {
      let before = words(ledger)
      ledger.record(7, ticks: ticks)
      var expected = before
      expected[7 * LedgerLine.words + LedgerLine.bucket(of: ticks)] += 1
      expected[7 * LedgerLine.words + LedgerLine.ticks] += UInt64(ticks)
      #expect(words(ledger) == expected)
    }
  }

  /// The words of the first 16 lines.
  private func words(_ ledger: Ledger) -> [UInt64] {
    (0..<16 * LedgerLine.words).map { unsafe ledger.words[$0] }
  }
}
