import VMM

/// `struct virtio_net_hdr` with `num_buffers`, as virtio 1.2, section 5.1.6, and the kernel's TAP have it.
extension Offload {
  /// Length in bytes.
  public static let headerCount = 12

  // Computed, so that the NIC that writes a header for each frame has the numbers themselves.
  @usableFromInline
  enum Flag {
    @inlinable static var needsChecksum: UInt8 { 1 }
    @inlinable static var isChecksumValid: UInt8 { 2 }
  }
  /// In `gso_type`, beside the type.
  @inlinable static var ecn: UInt8 { 0x80 }

  /// Writes the header into the first bytes of `header`.
  ///
  /// - Parameter buffers: the number of chains that the frame lies in (virtio 1.2, section 5.1.6.4.1).
  @inlinable
  public func store(in header: MemoryView, buffers: UInt16 = 1) {
    let flags =
      (needsChecksum ? Flag.needsChecksum : 0) | (isChecksumValid ? Flag.isChecksumValid : 0)
    header.store(flags, at: 0)
    header.store(segmentation.rawValue | (hasECN ? Self.ecn : 0), at: 1)
    header.store(headerLength, at: 2)
    header.store(segmentSize, at: 4)
    header.store(checksumStart, at: 6)
    header.store(checksumOffset, at: 8)
    header.store(buffers, at: 10)
  }

  /// Reads what ``store(in:buffers:)`` writes. Nil for a segmentation that is none of ``Segmentation``.
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
