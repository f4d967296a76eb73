import VMM

/// The frames that offloads are shown with: TCP over IPv4, whose payload proves itself by its place in the stream,
/// whole or cut into segments (docs/guest-abi.md, section The frames).
public enum StreamFormat {
  /// Bytes of all headers: Ethernet, IPv4 and TCP without options.
  public static let headerCount = 54
  /// Bytes of payload in a segment.
  public static let segmentSize = 1448
  /// Bytes of payload in the largest frame in use: 45 segments.
  public static let longestPayload = 45 * segmentSize

  static let network = 14
  static let transport = 34
  /// Of TCP's checksum within its header.
  static let checksumOffset = 16
  /// 0x0800 as a little-endian load sees it.
  static let etherType: UInt16 = 0x0008

  /// Whether it is a frame of this kind, by the fields that tell TCP over IPv4 without options.
  static func isStream(_ frame: MemoryView) -> Bool {
    frame.count >= headerCount && frame.load(at: 12) == etherType
      && frame.load(UInt8.self, at: network) == 0x45 && frame.load(UInt8.self, at: network + 9) == 6
      && frame.load(UInt8.self, at: transport + 12) &>> 4 == 5
  }

  /// The place of the frame's payload in the stream and its length in bytes; nil if a length, a checksum or a word of
  /// the payload is wrong.
  public static func payload(of frame: MemoryView, _ offload: Offload) -> (position: UInt32, count: Int)? {
    guard isStream(frame) else { return nil }
    // A short frame may have been filled up to Ethernet's least length.
    let length = Int(frame.loadBigEndian(UInt16.self, at: network + 2)) + network
    guard length == frame.count || length < frame.count && frame.count == FrameFormat.lengths.lowerBound,
      length >= headerCount, (length - headerCount) & 3 == 0
    else { return nil }
    let frame = frame.slice(0, length)!
    var header = InternetChecksum()
    header.add(frame.slice(network, 20)!)
    guard header.folded == 0xffff, isTransportRight(frame, offload) else { return nil }
    let position: UInt32 = frame.loadBigEndian(at: transport + 4)
    let payload = frame.slice(headerCount, length - headerCount)!
    guard position & 3 == 0, isPayloadRight(payload, at: position) else { return nil }
    return (position, payload.count)
  }

  /// TCP's checksum is right, or, still to be completed, holds the sum of the pseudo header.
  private static func isTransportRight(_ frame: MemoryView, _ offload: Offload) -> Bool {
    var sum = pseudoHeader(frame)
    guard !offload.needsChecksum else {
      return Int(offload.checksumStart) == transport && Int(offload.checksumOffset) == checksumOffset
        && frame.load(at: transport + checksumOffset) == sum.folded
    }
    sum.add(frame.slice(transport, frame.count - transport)!)
    return sum.folded == 0xffff
  }

  private static func pseudoHeader(_ frame: MemoryView) -> InternetChecksum {
    var sum = InternetChecksum()
    sum.add(frame.slice(network + 12, 8)!)
    sum.add(6)
    sum.add(UInt16(truncatingIfNeeded: frame.count - transport))
    return sum
  }

  private static func word(at position: UInt32) -> UInt32 {
    FrameFormat.mix(FrameFormat.seed, position &>> 2)
  }

  private static func isPayloadRight(_ payload: MemoryView, at position: UInt32) -> Bool {
    unsafe payload.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }
      let start = UnsafeRawPointer(base)
      // All words, whatever the first say: without a way out the compiler compares several at once.
      var difference: UInt32 = 0
      for offset in stride(from: 0, to: bytes.count & ~3, by: 4) {
        let place = position &+ UInt32(truncatingIfNeeded: offset)
        difference |= unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt32.self) ^ word(at: place)
      }
      return difference == 0
    }
  }

  /// Fills `frame` behind its addresses, which are those of Ethernet: a part of the stream from `position` on.
  ///
  /// - Parameter isWhole: TCP's checksum is left to be completed, as ``offload`` says; else it is there.
  static func write(_ frame: MemoryView, position: UInt32, isWhole: Bool) {
    frame.slice(12, headerCount - 12)!.clear()
    frame.store(etherType, at: 12)
    frame.store(UInt8(0x45), at: network)
    frame.storeBigEndian(UInt16(truncatingIfNeeded: frame.count - network), at: network + 2)
    frame.store(UInt8(64), at: network + 8)
    frame.store(UInt8(6), at: network + 9)
    frame.storeBigEndian(UInt32(0x0a00_0001), at: network + 12)
    frame.storeBigEndian(UInt32(0x0a00_0002), at: network + 16)
    var header = InternetChecksum()
    header.add(frame.slice(network, 20)!)
    frame.store(header.field, at: network + 10)
    frame.storeBigEndian(UInt16(2), at: transport)
    frame.storeBigEndian(UInt16(1), at: transport + 2)
    frame.storeBigEndian(position, at: transport + 4)
    // 20 bytes of header, ACK.
    frame.storeBigEndian(UInt16(0x5010), at: transport + 12)
    frame.storeBigEndian(UInt16(65535), at: transport + 14)
    for offset in stride(from: headerCount, to: frame.count, by: 4) {
      frame.store(word(at: position &+ UInt32(offset - headerCount)), at: offset)
    }
    var sum = pseudoHeader(frame)
    if !isWhole { sum.add(frame.slice(transport, frame.count - transport)!) }
    frame.store(isWhole ? sum.folded : sum.field, at: transport + checksumOffset)
  }

  /// What is to be done to a whole large frame.
  public static let offload: Offload = {
    var offload = Offload()
    offload.needsChecksum = true
    offload.segmentation = .tcp4
    offload.headerLength = UInt16(headerCount)
    offload.segmentSize = UInt16(segmentSize)
    offload.checksumStart = UInt16(transport)
    offload.checksumOffset = UInt16(checksumOffset)
    return offload
  }()
}
