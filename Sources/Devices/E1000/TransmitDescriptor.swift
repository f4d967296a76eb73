/// A transmit descriptor as read from the ring: legacy, or extended of type context or data
/// (sections 3.3.3, 3.3.6 and 3.3.7).
struct TransmitDescriptor {
  /// Where the bytes with command and status lie.
  static let commandOffset = 11
  static let statusOffset = 12
  static let done: UInt8 = 1

  enum Command {
    static let endOfPacket: UInt8 = 1 << 0
    static let insertFCS: UInt8 = 1 << 1
    /// Insert checksum, in a legacy descriptor.
    static let insertChecksum: UInt8 = 1 << 2
    /// TCP segmentation, in an extended descriptor: the same bit.
    static let segment: UInt8 = 1 << 2
    /// RS, and RPS of the relatives with early reports: here a frame is sent when it is fetched.
    static let report: UInt8 = 3 << 3
    static let extended: UInt8 = 1 << 5
    static let insertVLAN: UInt8 = 1 << 6
    static let interruptDelay: UInt8 = 1 << 7
  }

  /// POPTS of a data descriptor, valid in the first of a frame.
  enum Option {
    static let networkChecksum: UInt8 = 1 << 0
    static let transportChecksum: UInt8 = 1 << 1
  }

  enum Kind {
    case legacy, context, data, reserved
  }

  let address: UInt64
  /// Everything behind the address, as one load gave it: the guest may change it meanwhile.
  let word: UInt64

  var command: UInt8 { UInt8(truncatingIfNeeded: word &>> 24) }
  var options: UInt8 { UInt8(truncatingIfNeeded: word &>> 40) }
  /// The VLAN tag, valid with VLE in the last descriptor of a frame; under segmentation in the first (section 3.3.7.1).
  var special: UInt16 { UInt16(truncatingIfNeeded: word &>> 48) }
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

  /// CSS of a legacy descriptor, valid in the first of a frame.
  var checksumStart: Int { Int(options) }
  /// CSO of a legacy descriptor, valid in the last of a frame.
  var checksumField: Int { Int(word &>> 16 & 0xff) }

  /// Null descriptors carry no data (section 3.3.3).
  var isNull: Bool { address == 0 || length == 0 }
}
