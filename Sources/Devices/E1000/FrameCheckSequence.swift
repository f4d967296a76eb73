import VMM

/// The CRC-32 behind every Ethernet frame (IEEE 802.3, section 3.2.9), least significant bit first.
///
/// Frames come from a back end without it; a driver that does not have it stripped finds a true one.
struct FrameCheckSequence {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xedb8_8320) }
  }

  private var crc: UInt32 = ~0

  /// The sequence of all bytes so far; on the wire its least significant byte is first.
  var value: UInt32 { ~crc }

  mutating func add(_ data: MemoryView) {
    let table = Self.table
    for offset in 0..<data.count {
      let byte: UInt8 = data.load(at: offset)
      crc = crc &>> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
    }
  }
}
