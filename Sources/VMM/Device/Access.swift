/// One access of a guest to a device, as the bus hands it on.
///
/// The data travels beside it, in the low `size` bytes of a UInt64. The three numbers share a register, for
/// every exit carries one: direction in bits 0–7, size in 8–15, as in kvm_run, window in 16–23, offset in 32–63.
@frozen
public struct Access: Equatable, Sendable {
  @usableFromInline let bits: UInt64

  @inlinable
  public init(window: Int = 0, offset: Int, size: Int) {
    bits =
      UInt64(UInt32(truncatingIfNeeded: offset)) &<< 32 | UInt64(UInt8(truncatingIfNeeded: size)) &<< 8
      | UInt64(UInt8(truncatingIfNeeded: window)) &<< 16
  }

  /// The bits as the run loop makes them.
  @inline(__always)
  init(bits: UInt64) {
    self.bits = bits
  }

  /// The direction does not count: where an access comes from the ring or from a test, it is not there.
  @inlinable
  public static func == (left: Access, right: Access) -> Bool { left.bits &>> 8 == right.bits &>> 8 }

  /// Which of the device's windows, by its index in ``Device/windows``.
  @inlinable
  public var window: UInt8 { UInt8(truncatingIfNeeded: bits &>> 16) }

  /// Width in bytes: 1, 2 or 4 for ports; 1 to 8 for memory; 8 for model-specific registers.
  @inlinable
  public var size: UInt8 { UInt8(truncatingIfNeeded: bits &>> 8) }

  /// Distance in bytes from the window's base; an access may reach past the window's end.
  @inlinable
  public var offset: UInt32 { UInt32(truncatingIfNeeded: bits &>> 32) }

  /// All ones in the width of the access: what a bus reads where nobody answers.
  @inlinable
  public var ones: UInt64 { truncate(~0) }

  /// The low `size` bytes of a value; the bytes above are zero.
  @inlinable
  public func truncate(_ value: UInt64) -> UInt64 {
    // 64 − 8 · size, for the shift takes it modulo 64.
    let surplus = 0 &- UInt64(size) &* 8
    return (value &<< surplus) &>> surplus
  }
}

extension Access: CustomStringConvertible {
  public var description: String { "Access(window: \(window), offset: \(hex(offset)), size: \(size))" }
}
