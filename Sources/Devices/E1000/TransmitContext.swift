import NetBackends
import VMM

/// What a context descriptor says of the frames behind it: where their checksums go, and how they are cut
/// (section 3.3.6).
struct TransmitContext {
  enum Command {
    /// The payload is TCP's, else UDP's.
    static let tcp: UInt8 = 1 << 0
    /// The packet is IPv4, else IPv6.
    static let ipv4: UInt8 = 1 << 1
    static let segment: UInt8 = 1 << 2
  }

  private let place: UInt64
  private let word: UInt64

  /// Before the first context descriptor: all zero, which asks for nothing sensible.
  init() { (place, word) = (0, 0) }

  init(_ descriptor: TransmitDescriptor) { (place, word) = (descriptor.address, descriptor.word) }

  /// IPCSS, IPCSO and IPCSE.
  var network: ChecksumPlace { ChecksumPlace(UInt32(truncatingIfNeeded: place)) }
  /// TUCSS, TUCSO and TUCSE.
  var transport: ChecksumPlace { ChecksumPlace(UInt32(truncatingIfNeeded: place &>> 32)) }
  private var command: UInt8 { UInt8(truncatingIfNeeded: word &>> 24) }
  var isTCP: Bool { command & Command.tcp != 0 }
  var isIPv4: Bool { command & Command.ipv4 != 0 }
  /// Whether this is the context of frames to be cut; the others have their own.
  var isForSegments: Bool { command & Command.segment != 0 }
  /// PAYLEN: bytes behind the headers.
  var payload: Int { Int(word & 0xf_ffff) }
  /// HDRLEN: bytes of all headers.
  var header: Int { Int(word &>> 40 & 0xff) }
  /// MSS: payload bytes in each segment but the last.
  var segmentSize: Int { Int(word &>> 48) }
}

/// Where a checksum is computed and where it is stored, in bytes from the start of a frame without VLAN tag.
struct ChecksumPlace {
  let start: Int
  let field: Int
  /// The first byte that does not count; nil for the frame's end.
  let end: Int?

  /// Start and field in eight bits each, above them the last byte that counts, 0 for the frame's last.
  init(_ word: UInt32) {
    start = Int(word & 0xff)
    field = Int(word &>> 8 & 0xff)
    let last = Int(word &>> 16)
    end = last == 0 ? nil : last + 1
  }

  init(start: Int, field: Int) {
    (self.start, self.field, end) = (start, field, nil)
  }
}
