import VMM

/// The device's side of a split virtqueue (virtio 1.2, section 2.7).
///
/// A batch is: ``pop()`` and ``complete(written:)`` until there is nothing left, then one ``publish(moreFollows:)``.
/// The driver's memory is looked at through the views of ``enable(_:)`` only, each value once. An error leaves the
/// queue as it was; whoever catches it stops the device.
///
/// Nobody else knows how a ring looks: a packed one (section 2.8) would be a second type with these functions, chosen by
/// ``VirtioDevice`` at FEATURES_OK; more pairs of queues are more of these in ``VirtioDevice/queues``, each with its own
/// bit in ``Notifications``.
public final class SplitQueue {
  /// VIRTQ_AVAIL_F_NO_INTERRUPT
  private static let noInterrupt: UInt16 = 1

  /// The largest size that the driver may choose: a power of two, at most 32768.
  public let maximumSize: UInt16
  /// What ``enable(_:)`` will look at.
  public var setup = QueueSetup()
  /// What the last ``pop()`` took.
  public let chain: DescriptorChain
  let memory: GuestMemory
  /// nil while the queue is not ready: there is no way then to touch it (section 4.2.2.1).
  private(set) var rings: Rings?
  /// Whether each side says at which index it wants to be told, and not by a flag (VIRTIO_F_EVENT_IDX).
  private(set) var usesEventIndex = false
  /// Whether a descriptor may stand for a table of them (VIRTIO_F_INDIRECT_DESC).
  private(set) var takesIndirect = false
  /// The next chain to take, and the driver's index when it was last read. All indices run free in 16 bits.
  private(set) var nextAvailable: UInt16 = 0
  private(set) var knownAvailable: UInt16 = 0
  /// The next used entry to write, and the index that the driver was told.
  private var nextUsed: UInt16 = 0
  private var publishedUsed: UInt16 = 0
  /// Up to where it is settled whether the driver is notified.
  private var settledUsed: UInt16 = 0
  /// What stands in the ring for the driver to read: avail_event, or whether used.flags has NO_NOTIFY.
  var notificationEvent: UInt16 = 0
  var hasNoNotify = false

  public init(memory: GuestMemory, maximumSize: UInt16) {
    precondition(maximumSize.nonzeroBitCount == 1)
    self.memory = memory
    self.maximumSize = maximumSize
    chain = DescriptorChain(capacity: Int(maximumSize))
  }

  /// Whether the queue was enabled.
  public var isReady: Bool { rings != nil }

  /// Number of entries, 0 while the queue is not ready.
  public var size: Int { rings.map { Int($0.size) } ?? 0 }

  /// Checks ``setup`` and starts at index 0.
  ///
  /// - Parameter features: what was negotiated.
  /// - Throws: `badSize`, `misaligned` or `areaOutsideMemory`; the queue is not ready then.
  public func enable(_ features: VirtioFeatures = []) throws(QueueError) {
    disable()
    rings = try Rings(setup, maximumSize: maximumSize, in: memory)
    usesEventIndex = features.contains(.eventIndex)
    takesIndirect = features.contains(.indirectDescriptors)
  }

  /// Lets go of the rings.
  public func disable() {
    rings = nil
    nextAvailable = 0
    knownAvailable = 0
    nextUsed = 0
    publishedUsed = 0
    settledUsed = 0
    notificationEvent = 0
    hasNoNotify = false
  }

  /// Forgets everything, ``setup`` as well.
  public func reset() {
    disable()
    setup = QueueSetup()
  }

  /// Takes the next chain that the driver made available into ``chain``; false where there is none.
  ///
  /// Reads at most as many descriptors as the queue has entries, and takes at most as many chains between two calls of
  /// ``publish(moreFollows:)``, however fast the driver adds new ones.
  ///
  /// - Throws: whatever of ``QueueError`` the driver did.
  public func pop() throws(QueueError) -> Bool {
    try take(joining: false)
  }

  /// Takes one more chain and joins it to ``chain``, to be written as one; false where there is none.
  ///
  /// - Throws: as ``pop()``, and `readableAfterWritable` where the chain is not writable from its beginning.
  public func popMore() throws(QueueError) -> Bool {
    try take(joining: true)
  }

  private func take(joining: Bool) throws(QueueError) -> Bool {
    guard let rings else { return false }
    if nextAvailable == knownAvailable {
      try readAvailableIndex(rings)
      if nextAvailable == knownAvailable { return false }
    }
    let head: UInt16 = rings.available.load(at: rings.entry(nextAvailable, width: 2))
    if joining { chain.join(head) } else { chain.begin(head) }
    try follow(head, in: rings)
    nextAvailable &+= 1
    return true
  }

  /// Gives what the last ``pop()`` took, and what was joined to it, back to the ring; the next ``pop()`` takes it again.
  public func undoPop() {
    nextAvailable &-= UInt16(truncatingIfNeeded: chain.linkCount)
  }

  /// Puts what was taken last into the used ring, where the driver does not see it before ``publish(moreFollows:)``.
  ///
  /// - Parameter written: bytes written from the beginning on (section 2.7.8.2); each chain but the last was filled.
  public func complete(written: Int) {
    guard let rings else { return }
    for index in 0..<chain.linkCount {
      let (head, count) = chain.link(index, of: written)
      let element = UInt64(head) | UInt64(UInt32(truncatingIfNeeded: count)) << 32
      rings.used.store(element, at: rings.entry(nextUsed, width: 8))
      nextUsed &+= 1
    }
  }

  /// Chains that were completed and not yet shown to the driver.
  public var unpublished: Int { Int(nextUsed &- publishedUsed) }

  /// Whether the driver has yet to be notified of something, if it wants to be.
  public var isUnsettled: Bool { nextUsed != settledUsed }

  /// Shows the driver what was completed; true if there was something and the driver wants a notification.
  ///
  /// - Parameter moreFollows: this is called again soon. A driver that does not say which chain it waits for (EVENT_IDX)
  ///   is notified then, unless all that fits in its queue has come back by now.
  public func publish(moreFollows: Bool = false) -> Bool {
    guard let rings, nextUsed != settledUsed else { return false }
    publishedUsed = nextUsed
    rings.used.storeRelease(nextUsed, at: Rings.indexOffset)
    let before = settledUsed
    if moreFollows && !usesEventIndex && nextUsed &- before < rings.size { return false }
    settledUsed = nextUsed
    // The driver writes what it wants and then looks at the index; we do the reverse. Without a barrier on both
    // sides each could miss the other (section 2.7.7).
    memoryBarrier()
    if usesEventIndex {
      return Self.crosses(rings.available.load(at: rings.usedEvent), from: before, to: nextUsed)
    }
    return rings.available.load(UInt16.self, at: Rings.flagsOffset) & Self.noInterrupt == 0
  }

  /// Whether an index that goes from `old` to `new` passes `event`: whoever wrote that wants to be told once entry
  /// `event` is there (section 2.7.7.2).
  static func crosses(_ event: UInt16, from old: UInt16, to new: UInt16) -> Bool {
    new &- event &- 1 < new &- old
  }

  /// Reads how far the driver is.
  func readAvailableIndex(_ rings: Rings) throws(QueueError) {
    // Acquire: the ring entries and descriptors below the index were written before it (section 2.7.13.3.1).
    let index = rings.available.loadAcquire(at: Rings.indexOffset)
    guard Self.mayMove(knownAvailable, to: index, published: publishedUsed, size: rings.size) else {
      throw .availableIndexJumped(from: knownAvailable, to: index, size: rings.size)
    }
    knownAvailable = index
  }

  /// Whether the available index may be `index` when it was `known` before and `published` chains were returned.
  ///
  /// It cannot be below `known`, for an index is never decremented (section 2.7.6.1), nor further than `size`
  /// beyond `published`, for what was not returned still occupies descriptors. Both are distances from
  /// `published`, so the wrap at 65536 does not show.
  static func mayMove(_ known: UInt16, to index: UInt16, published: UInt16, size: UInt16) -> Bool {
    let distance = index &- published
    return distance >= known &- published && distance <= size
  }
}
