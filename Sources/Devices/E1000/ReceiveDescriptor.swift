/// The layout of a receive descriptor (section 3.2.3).
enum ReceiveDescriptor {
  /// Length in 16 bits, packet checksum in the next 16.
  static let lengthOffset = 8
  static let statusOffset = 12
  /// Errors in 8 bits, special in the next 16, with status below them.
  static let errorsOffset = 13
  static let specialOffset = 14

  enum Status {
    static let done: UInt8 = 1 << 0
    static let endOfPacket: UInt8 = 1 << 1
    /// Ignore the checksum indications: none is computed.
    static let ignoreChecksum: UInt8 = 1 << 2
    /// VP: the special field holds the frame's tag.
    static let isVLAN: UInt8 = 1 << 3
    /// TCPCS: TCP's or UDP's checksum was computed.
    static let transportChecked: UInt8 = 1 << 5
    /// IPCS: IPv4's header checksum was computed.
    static let networkChecked: UInt8 = 1 << 6
    /// Passed an inexact filter.
    static let passedInexactFilter: UInt8 = 1 << 7
  }

  enum Error {
    /// TCPE.
    static let transport: UInt8 = 1 << 5
    /// IPE.
    static let network: UInt8 = 1 << 6
  }
}

/// What the descriptors of a received frame tell beside its length.
struct ReceiveReport {
  var status: UInt8 = 0
  var errors: UInt8 = 0
  var special: UInt16 = 0
  /// The packet checksum.
  var checksum: UInt16 = 0
}
