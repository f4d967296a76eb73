import TestSupport
import Testing

@testable import Experiments

/// From samples to what the table says.
struct MeasurementTests {
  private static func samples(_ count: Int, _ random: inout SplitMix64) -> [UInt32] {
    (0..<count).map { _ in UInt32.random(in: 20...40, using: &random) }
  }

  private static func raw(group: Int, plus cost: UInt32, seed: UInt64) -> RawMeasurement {
    var random = SplitMix64(seed: seed)
    var raw = RawMeasurement(group: group)
    for _ in 0..<7 {
      let baseline = samples(50, &random)
      raw.addBaseline((baseline, 1e-3))
      raw.addOperation((samples(50, &random).map { $0 + cost }, 1e-3 + 50e-9 * Double(cost)))
    }
    return raw
  }

  @Test(arguments: 1...20) func `the baseline goes out of every figure`(seed: UInt64) {
    for cost in [UInt32(0), 1, 100, 40000] {
      let ticks = Self.raw(group: 1, plus: cost, seed: seed).ticks
      #expect(ticks.samples == 350)
      for figure in [ticks.minimum, ticks.median, ticks.p99] { #expect(abs(figure - Double(cost)) <= 20) }
      #expect(ticks.minimum <= ticks.median)
      #expect(ticks.median <= ticks.p99)
    }
  }

  @Test func `a sample of many operations is divided by them`() {
    for group in [1, 16, 170] {
      let raw = Self.raw(group: group, plus: UInt32(group * 1000), seed: 3)
      #expect(raw.operations == UInt64(350 * group))
      #expect(abs(raw.ticks.median - 1000) <= 20)
      #expect(abs(raw.hostNanoseconds.median - 1000) < 1e-6)
      #expect(raw.hostNanoseconds.samples == 7)
    }
  }

  @Test func `what both have more of changes nothing`() {
    var random = SplitMix64(seed: 8)
    for _ in 0..<100 {
      let with = (0..<30).map { _ in Double(Int.random(in: 0...1000, using: &random)) }
      let without = (0..<30).map { _ in Double(Int.random(in: 0...1000, using: &random)) }
      let more = Double(Int.random(in: 1...5000, using: &random))
      let plain = Distribution(with).less(Distribution(without))
      #expect(plain == Distribution(with.map { $0 + more }).less(Distribution(without.map { $0 + more })))
      #expect(plain.minimum <= plain.median && plain.median <= plain.p99)
    }
  }

  @Test func `nothing but the same baseline is nothing`() {
    let some = Distribution([3, 1, 2])
    let less = some.less(some)
    #expect([less.minimum, less.median] == [0, 0])
  }

  @Test func `ns follow from the counter's frequency`() {
    var result = BenchResult(BenchCase(row: BenchRow.named("pio-out")!, level: 3))
    result.take(Self.raw(group: 1, plus: 4000, seed: 1), timestampKHz: 2_000_000)
    let cycles = result.cycles!
    #expect(result.nanoseconds == cycles.scaled(by: 0.5))
    #expect(result.operations == 350)
    #expect(result.place == "pio-out@3")
  }
}
