/// What is still to be done to a frame before it can go over a wire, in the terms of virtio's header
/// (virtio 1.2, section 5.1.6), which are those of the kernel's TAP as well.
public struct Offload: Equatable, Sendable {
  /// Into what the frame is to be cut.
  public enum Segmentation: UInt8, Sendable {
    /// Nothing: it is one frame already.
    case none = 0
    /// TCP over IPv4: VIRTIO_NET_HDR_GSO_TCPV4.
    case tcp4 = 1
    /// TCP over IPv6: VIRTIO_NET_HDR_GSO_TCPV6.
    case tcp6 = 4
  }

  /// The 16-bit one's complement sum from `checksumStart` to the end is to be completed and stored
  /// `checksumOffset` behind that; the field holds the sum of the pseudo header. VIRTIO_NET_HDR_F_NEEDS_CSUM.
  public var needsChecksum = false
  /// Somebody on the way has verified the checksums. VIRTIO_NET_HDR_F_DATA_VALID.
  public var isChecksumValid = false
  public var segmentation = Segmentation.none
  /// Congestion was experienced: CWR belongs to the first segment alone. VIRTIO_NET_HDR_GSO_ECN.
  public var hasECN = false
  /// Length in bytes of all headers. A hint: whoever needs the number works it out of the frame.
  public var headerLength: UInt16 = 0
  /// Bytes of payload in each segment.
  public var segmentSize: UInt16 = 0
  public var checksumStart: UInt16 = 0
  public var checksumOffset: UInt16 = 0

  public init() {}

  /// Nothing to do: a frame as it goes over a wire.
  public static let none = Offload()

  /// What somebody must be able to do who takes the frame as it is.
  @inlinable
  public var needs: Offloads {
    var needs: Offloads = needsChecksum ? .checksum : []
    switch segmentation {
    case .none: break
    case .tcp4: needs.insert(.tcp4)
    case .tcp6: needs.insert(.tcp6)
    }
    if hasECN { needs.insert(.ecn) }
    return needs
  }
}

/// Work on frames that one side may leave to the other.
public struct Offloads: OptionSet, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let checksum = Offloads(rawValue: 1 << 0)
  /// Segmentation of TCP over IPv4.
  public static let tcp4 = Offloads(rawValue: 1 << 1)
  /// Segmentation of TCP over IPv6.
  public static let tcp6 = Offloads(rawValue: 1 << 2)
  /// Segmentation of TCP that carries CWR.
  public static let ecn = Offloads(rawValue: 1 << 3)
  public static let all: Offloads = [.checksum, .tcp4, .tcp6, .ecn]
}
