/// A device whose registers are one byte wide, as those of the ISA bus are.
///
/// A wider access reaches it as single bytes, the lowest offset first: the bus controller of a PC parts an
/// access wider than the device in the same way, so a guest may program two neighbouring registers with one
/// instruction.
open class ByteDevice: Device, @unchecked Sendable {
  /// Answers a read of one register. `offset` may lie past the end of the window. Without an override, 0xff.
  open func readByte(window: UInt8, at offset: Int) -> UInt8 { 0xff }

  /// Takes a write of one register. `offset` may lie past the end of the window.
  open func writeByte(_ value: UInt8, window: UInt8, at offset: Int) {}

  public final override func read(_ access: Access) -> UInt64 {
    let offset = Int(access.offset)
    if access.size == 1 { return UInt64(readByte(window: access.window, at: offset)) }
    var value: UInt64 = 0
    for byte in 0..<min(8, Int(access.size)) {
      value |= UInt64(readByte(window: access.window, at: offset &+ byte)) &<< UInt64(8 &* byte)
    }
    return value
  }

  public final override func write(_ access: Access, _ value: UInt64) {
    let offset = Int(access.offset)
    if access.size == 1 {
      return writeByte(UInt8(truncatingIfNeeded: value), window: access.window, at: offset)
    }
    for byte in 0..<min(8, Int(access.size)) {
      writeByte(
        UInt8(truncatingIfNeeded: value &>> UInt64(8 &* byte)), window: access.window, at: offset &+ byte)
    }
  }
}
