/// What waits for its time, in nanoseconds of the alarm's clock.
struct Schedule {
  /// Holds back TXDW.
  var transmit = DelayTimer()
  /// Holds back RXT0.
  var receive = DelayTimer()
  /// When the line last rose while interrupts were throttled.
  var lastInterrupt: UInt64?
  /// When the line may rise for the cause that waits for it.
  var throttled: UInt64?
  /// When it is told that the link came up.
  var link: UInt64?
  /// When what one call left over goes on.
  var work: UInt64?

  /// When the first of them is due.
  var next: UInt64? {
    earlier(earlier(earlier(transmit.deadline, receive.deadline), earlier(throttled, link)), work)
  }

  private func earlier(_ one: UInt64?, _ other: UInt64?) -> UInt64? {
    guard let one else { return other }
    return min(one, other ?? one)
  }
}
