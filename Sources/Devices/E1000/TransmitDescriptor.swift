/// A transmit descriptor as read from the ring: legacy, or extended of type context or data
/// (sections 3.3.3, 3.3.6 and 3.3.7).
struct TransmitDescriptor {
  static let size = 16
  /// Where the byte with the status lies.
  static let statusOffset = 12
  static let done: UInt8 = 1

  enum Command {
    static let endOfPacket: UInt8 = 1 << 0
    static let insertFCS: UInt8 = 1 << 1
    /// Insert checksum, in a legacy descriptor.
    static let insertChecksum: UInt8 = 1 << 2
    /// TCP segmentation, in an extended descriptor: the same bit.
    static let segment: UInt8 = 1 << 2
    static let reportStatus: UInt8 = 1 << 3
    static let extended: UInt8 = 1 << 5
    static let insertVLAN: UInt8 = 1 << 6
    static let interruptDelay: UInt8 = 1 << 7
  }

  enum Kind {
    case legacy, context, data, reserved
  }

  let address: UInt64
  /// Everything behind the address, as one load gave it: the guest may change it meanwhile.
  let word: UInt64

  var command: UInt8 { UInt8(truncatingIfNeeded: word &>> 24) }
  var status: UInt8 { UInt8(truncatingIfNeeded: word &>> 32) }
  /// POPTS of a data descriptor: bits 0 and 1 ask for checksums.
  var options: UInt8 { UInt8(truncatingIfNeeded: word &>> 40) }
  var isEnd: Bool { command & Command.endOfPacket != 0 }

  var kind: Kind {
    guard command & Command.extended != 0 else { return .legacy }
    return switch word &>> 20 & 0xf {
    case 0: .context
    case 1: .data
    default: .reserved
    }
  }

  /// Bytes in the buffer: 16 bits in a legacy descriptor, 20 in a data descriptor.
  var length: Int {
    Int(word & (command & Command.extended == 0 ? 0xffff : 0xf_ffff))
  }

  /// Null descriptors carry no data (section 3.3.3).
  var isNull: Bool { address == 0 || length == 0 }
}
