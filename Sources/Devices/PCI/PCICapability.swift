/// A capability of a function (PCI 3.0, section 6.7): an entry of the list in configuration space.
public struct PCICapability: Equatable, Sendable {
  public let id: UInt8
  /// What follows the two bytes of ID and pointer.
  public var body: [UInt8]
  /// The bits of the body that a guest may write; none beyond the end.
  public var writable: [UInt8]
  /// Bytes, counted from the ID on, whose accesses are the device's affair (``PCIDevice``).
  public var live: Range<Int>?

  public init(id: UInt8, body: [UInt8], writable: [UInt8] = [], live: Range<Int>? = nil) {
    self.id = id
    self.body = body
    self.writable = writable
    self.live = live
  }

  /// Vendor-specific.
  public static let vendor: UInt8 = 0x09
  static let msi: UInt8 = 0x05
  static let msix: UInt8 = 0x11

  /// Where ``live`` lies in configuration space, for a capability at `offset`.
  func liveBytes(at offset: Int) -> Range<Int>? {
    live.map { (offset + $0.lowerBound)..<(offset + $0.upperBound) }
  }

  /// Length in configuration space, where each begins at a multiple of four.
  var count: Int { (2 + body.count + 3) & ~3 }
}
