import VMM

/// The 16-bit one's complement sum of IP, TCP and UDP (RFC 1071), over any number of pieces.
///
/// Its words are summed as the host loads them, which the RFC allows (section 2, byte order independence): what comes
/// out is right where it is stored the same way.
public struct InternetChecksum: Sendable {
  private var sum: UInt64 = 0
  /// The next byte is the second one of a word.
  private var isOdd = false

  public init() {}

  /// Adds bytes that follow those before.
  public mutating func add(_ bytes: MemoryView) {
    let piece = Self.fold(Self.sum(bytes))
    sum &+= UInt64(isOdd ? piece.byteSwapped : piece)
    if bytes.count & 1 != 0 { isOdd.toggle() }
  }

  /// Adds a number that is on the wire as such, in a pseudo header.
  public mutating func add(_ number: UInt16) {
    sum &+= UInt64(number.bigEndian)
  }

  /// The sum so far, to be stored little endian. Over bytes that hold their own checksum it is 0xffff.
  public var folded: UInt16 { Self.fold(sum) }

  /// What a checksum field holds, to be stored little endian: the complement. Never 0, which in UDP says that there is
  /// none; 0xffff means the same to all others.
  public var field: UInt16 { folded == 0xffff ? 0xffff : ~folded }

  /// Words of 32 bits into 64, so that no carry needs care and the compiler may add several at once.
  private static func sum(_ bytes: MemoryView) -> UInt64 {
    unsafe bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return 0 }
      let start = UnsafeRawPointer(base)
      var sum: UInt64 = 0
      let words = bytes.count & ~3
      for offset in stride(from: 0, to: words, by: 4) {
        sum &+= UInt64(unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      }
      for offset in words..<bytes.count {
        let byte = unsafe start.load(fromByteOffset: offset, as: UInt8.self)
        sum &+= UInt64(byte) &<< UInt64(offset & 1 &* 8)
      }
      return sum
    }
  }

  private static func fold(_ sum: UInt64) -> UInt16 {
    var sum = (sum & 0xffff_ffff) &+ (sum &>> 32)
    sum = (sum & 0xffff) &+ (sum &>> 16 & 0xffff) &+ (sum &>> 32)
    sum = (sum & 0xffff) &+ (sum &>> 16)
    sum = (sum & 0xffff) &+ (sum &>> 16)
    return UInt16(truncatingIfNeeded: sum)
  }
}
