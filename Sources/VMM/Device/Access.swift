/// One access of a guest to a device, as the bus hands it on.
///
/// The data travels beside it, in the low `size` bytes of a UInt64.
@frozen
public struct Access: Equatable, Sendable {
  /// Which of the device's windows, by its index in ``Device/windows``.
  public let window: UInt8
  /// Width in bytes: 1, 2 or 4 for ports; 1 to 8 for memory; 8 for model-specific registers.
  public let size: UInt8
  /// Distance in bytes from the window's base; an access may reach past the window's end.
  public let offset: UInt32

  @inlinable
  public init(window: Int = 0, offset: Int, size: Int) {
    self.window = UInt8(truncatingIfNeeded: window)
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.size = UInt8(truncatingIfNeeded: size)
  }

  /// All ones in the width of the access: what a bus reads where nobody answers.
  @inlinable
  public var ones: UInt64 { ~0 &>> (64 &- 8 &* UInt64(size)) }
}
