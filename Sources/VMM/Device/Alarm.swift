/// A clock, and an alarm that rings once: injected, so that a device knows no timer and its test is the clock.
///
/// Called with the device's gate closed. On its own a clock stands still and never rings.
open class Alarm: @unchecked Sendable {
  public init() {}

  /// Nanoseconds of a clock that only goes forward.
  open var now: UInt64 { 0 }

  /// Rings once ``now`` is at least `time`, nil for not at all; a later call replaces an earlier one. Ringing calls the
  /// device's ``Device/alarmRang()`` with its gate closed, not before this call has returned.
  open func set(_ time: UInt64?) {}
}
