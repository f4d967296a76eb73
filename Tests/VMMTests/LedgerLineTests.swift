import TestSupport
import Testing

@testable import VMM

/// The histogram's buckets: four an octave.
@Suite struct LedgerLineTests {
  private let words = 0..<LedgerLine.words

  @Test func `no duration falls outside the line, or onto the words that hold sums`() {
    var random = SplitMix64(seed: 1)
    let edges: [UInt64] = [
      0, 1, .max, .max - 1, 1 << 63, 1 << 63 - 1, 1 << 63 + 1, 1 << 62, 1 << 31, 1 << 32,
    ]
    let others = (0..<20_000).map { _ in random.next() >> UInt64.random(in: 0..<64, using: &random) }
    for ticks in edges + others {
      let bucket = LedgerLine.bucket(of: ticks)
      #expect(words.contains(bucket))
      #expect(![LedgerLine.ticks, LedgerLine.items, LedgerLine.coalesced].contains(bucket))
    }
  }

  @Test func `a negative difference of two clocks is in the last bucket`() {
    for ticks: UInt64 in [0 &- 1, 0 &- 2, 0 &- 1000, 0 &- 1 << 40, 1 << 63] {
      #expect(LedgerLine.bucket(of: ticks) == LedgerLine.words - 1)
    }
  }

  @Test func `a longer duration never has a lower bucket`() {
    var previous = 0
    for ticks: UInt64 in 0..<100_000 {
      let bucket = LedgerLine.bucket(of: ticks)
      #expect(bucket >= previous)
      previous = bucket
    }
    var ticks: UInt64 = 100_000
    while ticks < 1 << 62 {
      let bucket = LedgerLine.bucket(of: ticks)
      #expect(bucket >= previous)
      previous = bucket
      ticks += ticks / 37
    }
    #expect(previous == LedgerLine.words - 1)
  }

  @Test func `a bucket begins at most a quarter below what is in it, and never above`() {
    let last = LedgerLine.lowerBound(ofBucket: LedgerLine.words - 1)
    #expect(last == 7 << 29)
    var random = SplitMix64(seed: 2)
    let long = (0..<5000).map { _ -> UInt64 in
      let octaves = UInt64.random(in: 0..<20, using: &random)
      return UInt64.random(in: 8..<last, using: &random) >> octaves
    }
    for ticks in Array(8..<3000) + long where ticks >= 8 {
      let start = LedgerLine.lowerBound(ofBucket: LedgerLine.bucket(of: ticks))
      #expect(start <= ticks)
      #expect(ticks * 4 < start * 5)
    }
  }

  @Test func `durations below 8 ticks are off by one at most`() {
    for ticks: UInt64 in 1..<8 {
      let start = LedgerLine.lowerBound(ofBucket: LedgerLine.bucket(of: ticks))
      #expect(start == ticks || start == ticks + 1)
    }
  }

  @Test func `the lower bound of a bucket is in it, and what is shorter is not`() {
    // Below 16 ticks some buckets have no whole number in them.
    for bucket in 16..<LedgerLine.words {
      let start = LedgerLine.lowerBound(ofBucket: bucket)
      #expect(LedgerLine.bucket(of: start) == bucket)
      #expect(LedgerLine.bucket(of: start - 1) == bucket - 1)
    }
  }
}
