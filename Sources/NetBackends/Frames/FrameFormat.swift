import VMM

/// The small frames that NIC images and back ends exchange: each proves itself by a sequence number and a checksum
/// (docs/guest-abi.md, section The frames).
public enum FrameFormat {
  /// Lengths in bytes, without FCS.
  public static let lengths = 60...1514
  /// Where the payload begins.
  public static let payloadOffset = 28
  /// 0x88b5, IEEE local experimental, as a little-endian load sees it; the field of zeros lies above.
  private static let etherType: UInt32 = 0xb588
  private static let typeOffset = 12
  private static let sequenceOffset = 16
  private static let checksumOffset = 24

  /// The sequence number of `frame`; nil if its length, type, zeros or checksum are wrong.
  ///
  /// Reads each word once, so that a guest that changes the frame meanwhile gets one answer or the other.
  public static func sequence(of frame: MemoryView) -> UInt64? {
    guard lengths.contains(frame.count) else { return nil }
    guard frame.load(UInt32.self, at: typeOffset) == etherType else { return nil }
    let sequence: UInt64 = frame.load(at: sequenceOffset)
    guard frame.load(at: checksumOffset) == checksum(sequence, frame) else { return nil }
    return sequence
  }

  /// Makes a frame of what lies in `frame`: writes type, zeros, sequence number and checksum, and leaves the
  /// addresses and the payload as they are. Its length is one of ``lengths``.
  public static func seal(_ frame: MemoryView, sequence: UInt64) {
    frame.store(etherType, at: typeOffset)
    frame.store(sequence, at: sequenceOffset)
    frame.store(checksum(sequence, frame), at: checksumOffset)
  }

  private static func checksum(_ sequence: UInt64, _ frame: MemoryView) -> UInt32 {
    var sum = mix(seed, UInt32(truncatingIfNeeded: sequence))
    sum = mix(sum, UInt32(truncatingIfNeeded: sequence >> 32))
    unsafe frame.withUnsafeBytes { bytes in
      var offset = payloadOffset
      while offset + 4 <= bytes.count {
        sum = mix(sum, unsafe UInt32.load(bytes.baseAddress! + offset))
        offset += 4
      }
    }
    let rest = (frame.count - payloadOffset) & 3
    guard rest > 0 else { return sum }
    // The last word, filled up with zeros.
    var last: UInt32 = 0
    for place in 0..<rest {
      last |= UInt32(frame.load(UInt8.self, at: frame.count - rest + place)) &<< UInt32(place * 8)
    }
    return mix(sum, last)
  }

  /// Where every sum begins.
  static let seed: UInt32 = 0x5356_4d4d

  static func mix(_ sum: UInt32, _ word: UInt32) -> UInt32 {
    ((sum << 5 | sum >> 27) ^ word) &* 0x9e37_79b1
  }
}
