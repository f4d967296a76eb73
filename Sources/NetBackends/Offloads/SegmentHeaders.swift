import VMM

/// Where the headers of a TCP frame lie that is to be cut, as the frame itself says.
struct SegmentHeaders {
  /// Offsets in bytes of the IP header, of the TCP header and of the payload.
  let network: Int
  let transport: Int
  let payload: Int
  let isIPv6: Bool

  /// All headers must lie within so many bytes: Ethernet with two VLAN tags, the longest of IPv4 and TCP, and as much
  /// again for IPv6's extensions.
  static let longest = 256

  private static let tcp: UInt8 = 6

  /// Reads the headers.
  ///
  /// - Parameter head: the first bytes of the frame, ``longest`` if it has as many; nobody changes them meanwhile.
  init(_ head: MemoryView, _ offload: Offload) throws(SegmenterProblem) {
    let (network, type) = try Self.network(head)
    self.network = network
    isIPv6 = offload.segmentation == .tcp6
    guard type == (isIPv6 ? 0x86dd : 0x0800) else { throw .otherProtocol }
    transport = try isIPv6 ? Self.transport6(head, network) : Self.transport4(head, network)
    // The checksum to complete is TCP's, or the guest means something else than it says (virtio 1.2, section 5.1.6.2).
    guard offload.needsChecksum, Int(offload.checksumStart) == transport, offload.checksumOffset == 16 else {
      throw .badChecksumPlace
    }
    guard head.count - transport >= 20 else { throw .truncated }
    let length = Int(head.load(UInt8.self, at: transport + 12) &>> 4) * 4
    guard length >= 20, head.count - transport >= length else { throw .truncated }
    payload = transport + length
  }

  /// Behind the addresses and at most two VLAN tags: the offset of what the type announces, and the type.
  private static func network(_ head: MemoryView) throws(SegmenterProblem) -> (Int, UInt16) {
    var offset = 12
    for _ in 0..<3 {
      guard head.count - offset >= 2 else { throw .truncated }
      let type: UInt16 = head.loadBigEndian(at: offset)
      guard type == 0x8100 || type == 0x88a8 else { return (offset + 2, type) }
      offset += 4
    }
    throw .otherProtocol
  }

  private static func transport4(_ head: MemoryView, _ start: Int) throws(SegmenterProblem) -> Int {
    guard head.count - start >= 20 else { throw .truncated }
    let first: UInt8 = head.load(at: start)
    let length = Int(first & 0xf) * 4
    guard first &>> 4 == 4, length >= 20, head.count - start >= length else { throw .truncated }
    // No fragment: more to come, or not the beginning.
    guard head.load(at: start + 9) == tcp, head.loadBigEndian(UInt16.self, at: start + 6) & 0x3fff == 0 else {
      throw .otherProtocol
    }
    return start + length
  }

  /// Extensions that leave the addresses alone may stand between: hop-by-hop and destination options (RFC 8200,
  /// section 4). A routing header would change the pseudo header.
  private static func transport6(_ head: MemoryView, _ start: Int) throws(SegmenterProblem) -> Int {
    guard head.count - start >= 40, head.load(UInt8.self, at: start) &>> 4 == 6 else { throw .truncated }
    var next: UInt8 = head.load(at: start + 6)
    var offset = start + 40
    while next == 0 || next == 60 {
      guard head.count - offset >= 8 else { throw .truncated }
      next = head.load(at: offset)
      offset += (Int(head.load(UInt8.self, at: offset + 1)) + 1) * 8
    }
    guard next == tcp else { throw .otherProtocol }
    guard offset <= head.count else { throw .truncated }
    return offset
  }
}
