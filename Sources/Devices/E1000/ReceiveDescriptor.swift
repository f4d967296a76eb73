/// The layout of a receive descriptor (section 3.2.3).
enum ReceiveDescriptor {
  static let size = 16
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
    /// Passed an inexact filter.
    static let passedInexactFilter: UInt8 = 1 << 7
  }
}
