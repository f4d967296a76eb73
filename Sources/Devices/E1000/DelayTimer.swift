/// The two timers that hold an interrupt back so that one stands for many frames: one begins anew with each frame,
/// the other runs from the first (sections 13.4.30, 13.4.31, 13.4.41 and 13.4.44).
struct DelayTimer: Equatable {
  private var packet: UInt64?
  private var absolute: UInt64?

  /// When the interrupt is due, in nanoseconds of the alarm's clock; nil while none is held back.
  var deadline: UInt64? {
    guard let packet else { return nil }
    return min(packet, absolute ?? packet)
  }

  /// A frame is through.
  ///
  /// - Parameters:
  ///   - delay: nanoseconds until the interrupt, unless another frame comes.
  ///   - limit: nanoseconds until the interrupt whatever comes, 0 for no such limit.
  mutating func start(_ now: UInt64, delay: UInt64, limit: UInt64) {
    if packet == nil && limit != 0 { absolute = now &+ limit }
    packet = now &+ delay
  }

  mutating func stop() {
    self = DelayTimer()
  }

  /// Whether the interrupt is due, which ends it.
  mutating func rings(_ now: UInt64) -> Bool {
    guard let deadline, deadline <= now else { return false }
    stop()
    return true
  }
}
