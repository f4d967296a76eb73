import VMM

/// Does to a frame what its ``Offload`` leaves undone: completes its checksum, or cuts it into segments (TCP over IPv4
/// and IPv6). For a NIC whose far end does not accept that work (``NetBackend/accepts``).
///
/// A frame may be guest memory: it is copied once and judged by the copy. Whatever stands in it, the work is bounded:
/// as many bytes as the frame has, and a header for each ``smallestSegment`` of them.
public final class Segmenter: @unchecked Sendable {
  /// The least payload of a segment in bytes: what Linux' least (net.ipv4.tcp_min_snd_mss, 48) leaves beside 40 bytes of
  /// options.
  public static let smallestSegment = 8

  private let space = HostBuffer(count: NetBackend.longestFrame)
  private let template = HostBuffer(count: SegmentHeaders.longest)

  public init() {}

  /// Hands over finished frames, to which nothing is to be done, one after the other. Each is valid during the call.
  ///
  /// - Throws: ``SegmenterProblem``, before anything was handed over: the frame is to be dropped.
  public func complete(
    _ frame: borrowing Span<MemoryView>, _ offload: Offload, _ take: (MemoryView) -> Void
  ) throws(SegmenterProblem) {
    let length = frame.byteCount
    guard length <= NetBackend.longestFrame else { throw .tooLong }
    if offload.segmentation != .none {
      try cut(frame, length, offload, take)
    } else if offload.needsChecksum {
      take(try completeChecksum(frame, length, offload))
    } else {
      take(frame.gathered(into: space.view))
    }
  }

  private func completeChecksum(
    _ frame: borrowing Span<MemoryView>, _ length: Int, _ offload: Offload
  ) throws(SegmenterProblem) -> MemoryView {
    let start = Int(offload.checksumStart)
    let field = start + Int(offload.checksumOffset)
    guard field + 2 <= length else { throw .badChecksumPlace }
    var cursor = PieceCursor()
    let whole = space.view.slice(0, length)!
    cursor.copy(from: frame, to: whole)
    var checksum = InternetChecksum()
    checksum.add(whole.slice(start, length - start)!)
    whole.store(checksum.field, at: field)
    return whole
  }

  private func cut(
    _ frame: borrowing Span<MemoryView>, _ length: Int, _ offload: Offload, _ take: (MemoryView) -> Void
  ) throws(SegmenterProblem) {
    let size = Int(offload.segmentSize)
    guard size >= Self.smallestSegment else { throw .segmentTooSmall }
    var cursor = PieceCursor()
    let head = template.view.slice(0, min(length, template.view.count))!
    cursor.copy(from: frame, to: head)
    let headers = try SegmentHeaders(head, offload)
    let headerView = head.slice(0, headers.payload)!
    cursor = PieceCursor()
    cursor.skip(headers.payload, of: frame)
    let payload = length - headers.payload
    var offset = 0
    var index: UInt16 = 0
    repeat {
      let count = min(size, payload - offset)
      let segment = space.view.slice(0, headers.payload + count)!
      segment.copy(from: headerView)
      cursor.copy(from: frame, to: segment.slice(headers.payload, count)!)
      Self.finish(segment, headers, index: index, offset: offset, isLast: offset + count == payload)
      take(segment)
      offset += count
      index &+= 1
    } while offset < payload
  }

  /// Turns the headers of the whole into those of one segment.
  private static func finish(
    _ segment: MemoryView, _ headers: SegmentHeaders, index: UInt16, offset: Int, isLast: Bool
  ) {
    let transport = headers.transport
    let sequence: UInt32 = segment.loadBigEndian(at: transport + 4)
    segment.storeBigEndian(sequence &+ UInt32(truncatingIfNeeded: offset), at: transport + 4)
    var flags: UInt8 = segment.load(at: transport + TCPFlags.offset)
    if !isLast { flags &= ~(TCPFlags.fin | TCPFlags.psh) }
    // The receiver is told once that its echo was heard (RFC 3168, section 6.1.2).
    if index > 0 { flags &= ~TCPFlags.cwr }
    segment.store(flags, at: transport + TCPFlags.offset)
    var checksum = InternetChecksum()
    if headers.isIPv6 {
      finishIPv6(segment, headers.network, &checksum)
    } else {
      finishIPv4(segment, headers, index: index, &checksum)
    }
    checksum.add(6)
    checksum.add(UInt16(truncatingIfNeeded: segment.count - transport))
    segment.store(0 as UInt16, at: transport + 16)
    checksum.add(segment.slice(transport, segment.count - transport)!)
    segment.store(checksum.field, at: transport + 16)
  }

  /// Length, identification and the header's checksum; adds the addresses to TCP's.
  private static func finishIPv4(
    _ segment: MemoryView, _ headers: SegmentHeaders, index: UInt16, _ checksum: inout InternetChecksum
  ) {
    let start = headers.network
    segment.storeBigEndian(UInt16(truncatingIfNeeded: segment.count - start), at: start + 2)
    segment.storeBigEndian(segment.loadBigEndian(UInt16.self, at: start + 4) &+ index, at: start + 4)
    segment.store(0 as UInt16, at: start + 10)
    var header = InternetChecksum()
    header.add(segment.slice(start, headers.transport - start)!)
    segment.store(header.field, at: start + 10)
    checksum.add(segment.slice(start + 12, 8)!)
  }

  /// Length; adds the addresses to TCP's checksum.
  private static func finishIPv6(_ segment: MemoryView, _ start: Int, _ checksum: inout InternetChecksum) {
    segment.storeBigEndian(UInt16(truncatingIfNeeded: segment.count - start - 40), at: start + 4)
    checksum.add(segment.slice(start + 8, 32)!)
  }
}

/// Why a frame cannot be completed.
public enum SegmenterProblem: Error, Equatable, CustomStringConvertible {
  case tooLong
  case truncated
  case otherProtocol
  case badChecksumPlace
  case segmentTooSmall

  public var description: String {
    switch self {
    case .tooLong: "longer than \(NetBackend.longestFrame) bytes"
    case .truncated: "its headers are malformed, cut short, or longer than \(SegmentHeaders.longest) bytes"
    case .otherProtocol: "to be cut, and not the unfragmented TCP over IP that it says it is"
    case .badChecksumPlace:
      "the checksum to complete lies outside the frame, or is not TCP's where it is to be cut"
    case .segmentTooSmall: "to be cut into segments of less than \(Segmenter.smallestSegment) bytes"
    }
  }
}
