/// The layout of one line of the ledger: 128 words.
///
/// A handler's time of t ticks of the time-stamp counter falls into the bucket named by the exponent and the
/// first two fraction bits of t as a floating-point number: four buckets an octave, each within 25 % of the
/// next, found in three instructions. Tick counts of 1 have no fraction bits, so buckets 1 to 3 never occur,
/// and their words hold the sums that a histogram cannot give.
enum LedgerLine {
  /// Words in a line; a power of two, so that a line is found by a shift.
  static let words = 1 << shift
  static let shift = 7
  /// The sum of the handler's times, in ticks.
  static let ticks = 1
  /// Items beyond the first of string accesses: one exit carries several.
  static let items = 2
  /// Writes that KVM kept in the coalesced ring: accesses without an exit.
  static let coalesced = 3
  /// The first bucket of durations that have fraction bits; before it there is bucket 0 alone.
  static let firstSplitBucket = 4

  /// The bucket of a duration. Clocks of two processors may differ a little: a negative difference, which
  /// arrives as a huge number, lands in the last bucket like everything from 7 × 2^29 ticks on.
  @inline(__always)
  static func bucket(of ticks: UInt64) -> Int {
    let exponentAndFraction = Double(Int64(truncatingIfNeeded: ticks | 1)).bitPattern &>> 50
    return Int(truncatingIfNeeded: min(exponentAndFraction &- 1023 << 2, UInt64(words &- 1)))
  }

  /// Counts one exit on `line` that took `ticks` to answer.
  @inline(__always)
  static func record(_ words: UnsafeMutablePointer<UInt64>, _ line: Int, ticks: UInt64) {
    let start = unsafe words + (line &<< shift)
    unsafe start[Self.ticks] &+= ticks
    unsafe start[bucket(of: ticks)] &+= 1
  }

  /// The shortest duration of a bucket, in ticks.
  static func lowerBound(ofBucket bucket: Int) -> UInt64 {
    UInt64(Double(bitPattern: (UInt64(bucket) + 1023 << 2) << 50))
  }
}
