import TestSupport
import Testing

@testable import Experiments

struct DistributionTests {
  @Test func `the order of the samples does not matter`() {
    var random = SplitMix64(seed: 4)
    for count in 1...200 {
      let values = (1...count).map(Double.init)
      let one = Distribution(values)
      #expect(one == Distribution(values.shuffled(using: &random)))
      #expect(one.minimum == 1)
      #expect(one.median == Double((count + 1) / 2))
      #expect(values.filter { $0 <= one.p99 }.count * 100 >= 99 * count)
    }
  }
}
