import VMM

/// `struct virtio_net_hdr` with `num_buffers`, as virtio 1.2, section 5.1.6, and the kernel's TAP have it.
extension Offload {
  /// Length in bytes.
  public static let headerCount = 12

  private enum Flag {
    static let needsChecksum: UInt8 = 1
    static let isChecksumValid: UInt8 = 2
  }
  /// In `gso_type`, beside the type.
  private static let ecn: UInt8 = 0x80

  /// Writes the header into the first bytes of `header`, with one buffer.
  public func store(in header: MemoryView) {
    let flags =
      (needsChecksum ? Flag.needsChecksum : 0) | (isChecksumValid ? Flag.isChecksumValid : 0)
    header.store(flags, at: 0)
    header.store(segmentation.rawValue | (hasECN ? Self.ecn : 0), at: 1)
    header.store(headerLength, at: 2)
    header.store(segmentSize, at: 4)
    header.store(checksumStart, at: 6)
    header.store(checksumOffset, at: 8)
    header.store(UInt16(1), at: 10)
  }

  /// Reads what ``store(in:)`` writes. Nil for a segmentation that is none of ``Segmentation``.
  public init?(loadedFrom header: MemoryView) {
    let flags: UInt8 = header.load(at: 0)
    let type: UInt8 = header.load(at: 1)
    guard let segmentation = Segmentation(rawValue: type & ~Self.ecn) else { return nil }
    self.init()
    self.segmentation = segmentation
    needsChecksum = flags & Flag.needsChecksum != 0
    isChecksumValid = flags & Flag.isChecksumValid != 0
    hasECN = type & Self.ecn != 0
    headerLength = header.load(at: 2)
    segmentSize = header.load(at: 4)
    checksumStart = header.load(at: 6)
    checksumOffset = header.load(at: 8)
  }
}
