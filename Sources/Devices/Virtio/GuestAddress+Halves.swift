import VMM

extension GuestAddress {
  /// Bits 0–31, as a pair of registers has them.
  var low: UInt32 {
    get { UInt32(truncatingIfNeeded: self) }
    set { self = self & ~0xffff_ffff | UInt64(newValue) }
  }

  /// Bits 32–63.
  var high: UInt32 {
    get { UInt32(truncatingIfNeeded: self >> 32) }
    set { self = self & 0xffff_ffff | UInt64(newValue) << 32 }
  }
}
