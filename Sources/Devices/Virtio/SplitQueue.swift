import VMM

/// The device's side of a split virtqueue (virtio 1.2, section 2.7).
///
/// A batch is: ``pop()`` and ``complete(written:)`` until there is nothing left, then one ``publish()``. The
/// driver's memory is looked at through the views of ``enable()`` only, each value once. An error leaves the
/// queue as it was; whoever catches it stops the device.
public final class SplitQueue {
  /// VIRTQ_AVAIL_F_NO_INTERRUPT
  private static let noInterrupt: UInt16 = 1
  /// The most bytes that a driver may put in one chain (section 2.7.5.2).
  private static let largestChain = 1 << 32

  /// The largest size that the driver may choose: a power of two, at most 32768.
  public let maximumSize: UInt16
  /// What ``enable()`` will look at.
  public var setup = QueueSetup()
  /// The chain that the last ``pop()`` took.
  public let chain: DescriptorChain
  private let memory: GuestMemory
  /// nil while the queue is not ready: there is no way then to touch it (section 4.2.2.1).
  private var rings: Rings?
  /// The next chain to take, and the driver's index when it was last read. All indices run free in 16 bits.
  private var nextAvailable: UInt16 = 0
  private var knownAvailable: UInt16 = 0
  /// The next used entry to write, and the index that the driver was told.
  private var nextUsed: UInt16 = 0
  private var publishedUsed: UInt16 = 0

  public init(memory: GuestMemory, maximumSize: UInt16) {
    precondition(maximumSize.nonzeroBitCount == 1)
    self.memory = memory
    self.maximumSize = maximumSize
    chain = DescriptorChain(capacity: Int(maximumSize))
  }

  /// Whether the queue was enabled.
  public var isReady: Bool { rings != nil }

  /// Checks ``setup`` and starts at index 0.
  ///
  /// - Throws: `badSize`, `misaligned` or `areaOutsideMemory`; the queue is not ready then.
  public func enable() throws(QueueError) {
    disable()
    rings = try Rings(setup, maximumSize: maximumSize, in: memory)
  }

  /// Lets go of the rings.
  public func disable() {
    rings = nil
    nextAvailable = 0
    knownAvailable = 0
    nextUsed = 0
    publishedUsed = 0
  }

  /// Forgets everything, ``setup`` as well.
  public func reset() {
    disable()
    setup = QueueSetup()
  }

  /// Takes the next chain that the driver made available into ``chain``; false where there is none.
  ///
  /// Reads at most as many descriptors as the queue has entries, and takes at most as many chains between two
  /// ``publish()``, however fast the driver adds new ones.
  ///
  /// - Throws: whatever of ``QueueError`` the driver did.
  public func pop() throws(QueueError) -> Bool {
    guard let rings else { return false }
    if nextAvailable == knownAvailable {
      try readAvailableIndex(rings)
      if nextAvailable == knownAvailable { return false }
    }
    try follow(rings.available.load(at: rings.entry(nextAvailable, width: 2)), in: rings)
    nextAvailable &+= 1
    return true
  }

  /// Gives the last chain taken back to the ring; the next ``pop()`` takes it again.
  public func undoPop() {
    nextAvailable &-= 1
  }

  /// Puts the last chain taken into the used ring, where the driver does not see it before ``publish()``.
  ///
  /// - Parameter written: bytes written to the chain from its beginning on (section 2.7.8.2).
  public func complete(written: Int) {
    guard let rings else { return }
    let element = UInt64(chain.head) | UInt64(UInt32(truncatingIfNeeded: written)) << 32
    rings.used.store(element, at: rings.entry(nextUsed, width: 8))
    nextUsed &+= 1
  }

  /// Shows the driver what was completed; true if there was something and the driver wants a notification.
  public func publish() -> Bool {
    guard let rings, nextUsed != publishedUsed else { return false }
    publishedUsed = nextUsed
    rings.used.storeRelease(nextUsed, at: Rings.indexOffset)
    // The driver clears its flag and then looks at the index; we do the reverse. Without a barrier on both
    // sides each could miss the other (section 2.7.7).
    memoryBarrier()
    return rings.available.load(UInt16.self, at: Rings.flagsOffset) & Self.noInterrupt == 0
  }

  private func readAvailableIndex(_ rings: Rings) throws(QueueError) {
    // Acquire: the ring entries and descriptors below the index were written before it (section 2.7.13.3.1).
    let index = rings.available.loadAcquire(at: Rings.indexOffset)
    guard Self.mayMove(nextAvailable, to: index, published: publishedUsed, size: rings.size) else {
      throw .availableIndexJumped(from: nextAvailable, to: index, size: rings.size)
    }
    knownAvailable = index
  }

  /// Whether the available index may be `index` when `next` chains were taken and `published` were returned.
  ///
  /// It cannot be below `next`, for an index is never decremented (section 2.7.6.1), nor further than `size`
  /// beyond `published`, for what was not returned still occupies descriptors. Both are distances from
  /// `published`, so the wrap at 65536 does not show.
  static func mayMove(_ next: UInt16, to index: UInt16, published: UInt16, size: UInt16) -> Bool {
    let distance = index &- published
    return distance >= next &- published && distance <= size
  }

  private func follow(_ head: UInt16, in rings: Rings) throws(QueueError) {
    chain.begin(head)
    var index = head
    for _ in 0..<rings.size {
      guard index < rings.size else { throw .descriptorOutOfRange(index, size: rings.size) }
      let descriptor = Descriptor(rings.descriptors, index)
      try append(descriptor, index)
      guard descriptor.flags.contains(.next) else { return }
      index = descriptor.next
    }
    throw .chainTooLong(head: head, size: rings.size)
  }

  private func append(_ descriptor: Descriptor, _ index: UInt16) throws(QueueError) {
    guard !descriptor.flags.contains(.indirect) else { throw .indirectNotNegotiated(descriptor: index) }
    guard descriptor.length > 0 else { throw .emptyBuffer(descriptor: index) }
    guard let buffer = memory.view(at: descriptor.address, count: Int(descriptor.length)) else {
      throw .bufferOutsideMemory(descriptor: index, at: descriptor.address, count: descriptor.length)
    }
    let bytes = chain.readableCount + chain.writableCount + buffer.count
    guard bytes <= Self.largestChain else { throw .chainTooLarge(head: chain.head, bytes: bytes) }
    if descriptor.flags.contains(.write) {
      chain.appendWritable(buffer)
    } else {
      guard chain.writableCount == 0 else { throw .readableAfterWritable(descriptor: index) }
      chain.appendReadable(buffer)
    }
  }
}
