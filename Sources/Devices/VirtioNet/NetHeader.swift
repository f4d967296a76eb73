import NetBackends
import VMM

/// `struct virtio_net_hdr`, which precedes every frame (virtio 1.2, section 5.1.6).
struct NetHeader {
  /// Length in bytes under VIRTIO_F_VERSION_1, with `num_buffers` always.
  static let count = 12

  /// VIRTIO_NET_HDR_F_NEEDS_CSUM
  private static let needsChecksum: UInt8 = 1
  /// VIRTIO_NET_HDR_GSO_ECN, beside a type.
  private static let ecn: UInt8 = 0x80
  /// Lengths in bytes of the headers of Ethernet and, at least, of TCP; where in the latter the checksum lies, and the
  /// byte with the header's length.
  private static let ethernetCount = 14
  private static let tcpCount = 20
  private static let tcpChecksum: UInt16 = 16
  private static let tcpDataOffset = 12

  private let flags: UInt8
  private let type: UInt8
  private let segmentSize: UInt16
  private let checksumStart: UInt16
  private let checksumOffset: UInt16

  /// Takes a copy, each field by one access, out of the first ``count`` bytes of `bytes`, which the driver can change.
  /// `hdr_len` is not looked at: a device must not rely on it (section 5.1.6.2.2).
  init(_ bytes: MemoryView) {
    flags = bytes.load(at: 0)
    type = bytes.load(at: 1)
    segmentSize = bytes.load(at: 4)
    checksumStart = bytes.load(at: 6)
    checksumOffset = bytes.load(at: 8)
  }

  /// Whether the driver leaves anything undone.
  var leavesWork: Bool { flags & Self.needsChecksum != 0 || type != 0 }

  /// What the driver leaves undone in `frame` of `count` bytes.
  ///
  /// - Parameter allowed: what was negotiated.
  /// - Throws: ``HeaderProblem`` where the header contradicts that, or the frame.
  func offload(
    for frame: borrowing Span<MemoryView>, count: Int, allowed: Offloads
  ) throws(HeaderProblem) -> Offload {
    var offload = Offload()
    if flags & Self.needsChecksum != 0 {
      offload.needsChecksum = true
      offload.checksumStart = checksumStart
      offload.checksumOffset = checksumOffset
    }
    guard let segmentation = Offload.Segmentation(rawValue: type & ~Self.ecn) else {
      throw .unknownSegmentation(type)
    }
    offload.segmentation = segmentation
    offload.hasECN = type & Self.ecn != 0
    guard offload.needs.isSubset(of: allowed) else { throw .notNegotiated }
    if offload.needsChecksum {
      let start = Int(checksumStart)
      guard start >= Self.ethernetCount, start + Int(checksumOffset) + 2 <= count else {
        throw .checksumOutsideFrame(start: checksumStart, offset: checksumOffset)
      }
    }
    if segmentation != .none {
      offload.segmentSize = segmentSize
      offload.headerLength = try headerLength(of: frame, count, offload)
    } else if offload.hasECN {
      throw .unknownSegmentation(type)
    }
    return offload
  }

  /// Bytes before the payload of the TCP that `frame` is said to be.
  private func headerLength(
    of frame: borrowing Span<MemoryView>, _ count: Int, _ offload: Offload
  ) throws(HeaderProblem) -> UInt16 {
    guard segmentSize > 0 else { throw .noSegmentSize }
    let start = Int(checksumStart)
    guard offload.needsChecksum, checksumOffset == Self.tcpChecksum, start + Self.tcpCount <= count else {
      throw .segmentationOfNoTCP
    }
    let length = start + Int(frame.byte(at: start + Self.tcpDataOffset) >> 4) * 4
    guard length >= start + Self.tcpCount, length <= count, let length = UInt16(exactly: length) else {
      throw .segmentationOfNoTCP
    }
    return length
  }

  /// Writes the header of a received frame to `bytes`.
  ///
  /// - Parameters:
  ///   - offload: what the driver is to do.
  ///   - saysValid: whether it is to hear that somebody verified the checksum.
  ///   - buffers: the number of chains that the frame lies in (section 5.1.6.4.1).
  static func store(_ offload: Offload, saysValid: Bool, buffers: Int, to bytes: MemoryView) {
    var offload = offload
    if !saysValid { offload.isChecksumValid = false }
    offload.store(in: bytes, buffers: UInt16(truncatingIfNeeded: buffers))
  }
}

/// What is wrong with a frame, or with its header.
enum HeaderProblem: Error, Equatable, CustomStringConvertible {
  case notNegotiated
  case unknownSegmentation(UInt8)
  case checksumOutsideFrame(start: UInt16, offset: UInt16)
  case noSegmentSize
  case segmentationOfNoTCP
  case cannotBeCompleted(SegmenterProblem)

  var description: String {
    switch self {
    case .notNegotiated: "asks for work that was not negotiated"
    case .unknownSegmentation(let type): "has gso_type \(hex(type))"
    case .checksumOutsideFrame(let start, let offset):
      "has its checksum at csum_start \(start) + csum_offset \(offset)"
    case .noSegmentSize: "is to be cut into segments of 0 bytes"
    case .segmentationOfNoTCP: "is to be cut, and has no whole TCP header at csum_start"
    case .cannotBeCompleted(let problem): "cannot be completed: \(problem)"
    }
  }
}

extension Span<MemoryView> {
  /// One byte of the pieces, which have as many.
  func byte(at offset: Int) -> UInt8 {
    var left = offset
    for index in indices {
      if left < self[index].count { return self[index].load(at: left) }
      left -= self[index].count
    }
    return 0
  }
}
