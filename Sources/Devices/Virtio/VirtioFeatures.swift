/// Feature bits, those of the device type and the reserved ones in one number (virtio 1.2, section 2.2).
///
/// A device type adds its own bits in an extension.
public struct VirtioFeatures: OptionSet, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// VIRTIO_F_VERSION_1: not a legacy device (section 6).
  public static let version1 = VirtioFeatures(rawValue: 1 << 32)

  /// VIRTIO_F_INDIRECT_DESC: a descriptor may stand for a table of them (section 2.7.5.3).
  public static let indirectDescriptors = VirtioFeatures(rawValue: 1 << 28)
  /// VIRTIO_F_EVENT_IDX: each side says at which index it wants to be notified (sections 2.7.7, 2.7.10).
  public static let eventIndex = VirtioFeatures(rawValue: 1 << 29)

  /// Bits 32 × `word` to 32 × `word` + 31; none beyond bit 63.
  func word(_ word: UInt32) -> UInt32 {
    word < 2 ? UInt32(truncatingIfNeeded: rawValue >> (32 * UInt64(word))) : 0
  }

  /// The same bits with those of `word` replaced; nil where one of `bits` lies beyond bit 63.
  func replacing(word: UInt32, with bits: UInt32) -> VirtioFeatures? {
    guard word < 2 else { return bits == 0 ? self : nil }
    let shift = 32 * UInt64(word)
    return VirtioFeatures(rawValue: rawValue & ~(0xffff_ffff << shift) | UInt64(bits) << shift)
  }
}
