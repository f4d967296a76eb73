import VMM

/// Size and place of a queue as the driver wrote them: not looked at before the queue is enabled.
public struct QueueSetup: Equatable, Sendable {
  /// Number of entries.
  public var size: UInt32 = 0
  /// The descriptor table.
  public var descriptorArea: GuestAddress = 0
  /// The available ring.
  public var driverArea: GuestAddress = 0
  /// The used ring.
  public var deviceArea: GuestAddress = 0

  public init() {}
}

/// The three parts of a queue in guest memory, checked once.
struct Rings {
  let descriptors: MemoryView
  let available: MemoryView
  let used: MemoryView
  /// A power of two.
  let size: UInt16

  /// Where `flags`, `idx` and `ring` lie in the available and the used ring (virtio 1.2, sections 2.7.6, 2.7.8).
  static let flagsOffset = 0
  static let indexOffset = 2
  static let ringOffset = 4

  /// Sizes and alignments are those of the table in virtio 1.2, section 2.7: each ring has room for the index
  /// that VIRTIO_F_EVENT_IDX uses, negotiated or not.
  init(_ setup: QueueSetup, maximumSize: UInt16, in memory: GuestMemory) throws(QueueError) {
    guard let size = UInt16(exactly: setup.size), size.nonzeroBitCount == 1, size <= maximumSize else {
      throw .badSize(setup.size, maximum: maximumSize)
    }
    func area(
      _ area: QueueError.Area, at address: GuestAddress, alignment: GuestAddress, count: Int
    ) throws(QueueError) -> MemoryView {
      guard address % alignment == 0 else { throw .misaligned(area, at: address, alignment: alignment) }
      guard let view = memory.view(at: address, count: count) else {
        throw .areaOutsideMemory(area, at: address, count: count)
      }
      return view
    }
    let entries = Int(size)
    descriptors = try area(
      .descriptor, at: setup.descriptorArea, alignment: 16, count: Descriptor.count * entries)
    available = try area(.driver, at: setup.driverArea, alignment: 2, count: 6 + 2 * entries)
    used = try area(.device, at: setup.deviceArea, alignment: 4, count: 6 + 8 * entries)
    self.size = size
  }

  /// Where the driver says of which used entry it wants to be told (`used_event`, section 2.7.6).
  var usedEvent: Int { Self.ringOffset + 2 * Int(size) }

  /// Where the device says of which available entry it wants to be told (`avail_event`, section 2.7.8).
  var availableEvent: Int { Self.ringOffset + 8 * Int(size) }

  /// Offset of the entry for free-running `index` in a ring with entries of `width` bytes.
  func entry(_ index: UInt16, width: Int) -> Int {
    Self.ringOffset + Int(index & (size &- 1)) * width
  }
}
