/// The layout of one line of the ledger: 256 words.
///
/// A handler's time of t ticks of the time-stamp counter, modulo 2^32, falls into the bucket named by the exponent and
/// the first two fraction bits of t as a floating-point number: four buckets an octave, each within 25 % of the next,
/// found in four instructions. Its number is the low byte of those bits, so that no clock can lead outside the line.
///
/// A count of 1 has no fraction bits, so three buckets never occur, and their words hold the sums that a histogram cannot
/// give. (A count of 0, which two readings of a clock that ticks between them do not give, would land with those of 2.)
enum LedgerLine {
  /// Words in a line; a power of two, so that a line is found by a shift.
  static let words = 1 << shift
  static let shift = 8
  /// The sum of the handler's times, in ticks.
  static let ticks = 0xff
  /// Items beyond the first of string accesses: one exit carries several.
  static let items = 0xfe
  /// Writes that KVM kept in the coalesced ring: accesses without an exit.
  static let coalesced = 0xfd

  /// The buckets that durations fall into, from the shortest on; the longest is below 2^32 ticks.
  static let buckets = [0xfc] + Array(0..<4 * 31)

  /// The bucket of a duration.
  @inline(__always)
  static func bucket(of ticks: UInt32) -> Int {
    Int(truncatingIfNeeded: Double(ticks).bitPattern &>> 50 & 0xff)
  }

  /// Counts one exit on a line that took `ticks` to answer.
  @inline(__always)
  static func record(_ line: UnsafeMutablePointer<UInt64>, ticks: UInt32) {
    unsafe line[Self.ticks] &+= UInt64(ticks)
    unsafe line[bucket(of: ticks)] &+= 1
  }

  /// The shortest duration of a bucket, in ticks.
  static func lowerBound(ofBucket bucket: Int) -> UInt64 {
    // Exponents have a bias of 1023; bucket 0 is that of 2 ticks.
    // Below 4 ticks not every bucket has a whole number in it; one without begins where the next does.
    bucket == 0xfc ? 1 : UInt64(Double(bitPattern: UInt64(bucket + 1024 << 2) << 50).rounded(.up))
  }
}
