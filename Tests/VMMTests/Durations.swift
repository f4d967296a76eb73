import TestSupport

extension SplitMix64 {
  /// A handler's time in ticks, of any magnitude.
  mutating func duration() -> UInt32 {
    UInt32.random(in: 0...(.max), using: &self) >> UInt32.random(in: 0..<32, using: &self)
  }
}
