import VMM

/// What the device asks of its driver: to be told of new chains, or to be left alone (virtio 1.2, section 2.7.10).
extension SplitQueue {
  /// VIRTQ_USED_F_NO_NOTIFY
  private static let noNotify: UInt16 = 1

  /// Asks the driver for silence: somebody looks at the queue anyway, or new chains are of no use now.
  ///
  /// It is a hint (section 2.7.10.1). With EVENT_IDX there is no flag: the event is put where the driver's index has just
  /// been, and there again before the index has come round to it.
  public func suppressNotifications() {
    guard let rings else { return }
    guard usesEventIndex else { return setNoNotify(true, rings) }
    if nextAvailable &- notificationEvent &- 1 >= 0x8000 { setEvent(nextAvailable &- 1, rings) }
  }

  /// Asks the driver to be told of the next chain, and looks once more.
  ///
  /// - Returns: whether there are chains of which the driver may have told nobody: look again, or call this again.
  /// - Throws: `availableIndexJumped`.
  public func requestNotifications() throws(QueueError) -> Bool {
    guard let rings else { return false }
    if usesEventIndex { setEvent(knownAvailable, rings) } else { setNoNotify(false, rings) }
    // The driver writes its index and then looks whether we want to know; we do the reverse. With a barrier on both
    // sides one of the two sees the other's word: it notifies, or we find its chain here (section 2.7.10).
    memoryBarrier()
    let before = knownAvailable
    try readAvailableIndex(rings)
    return knownAvailable != before
  }

  private func setEvent(_ event: UInt16, _ rings: Rings) {
    notificationEvent = event
    rings.used.store(event, at: rings.availableEvent)
  }

  private func setNoNotify(_ silence: Bool, _ rings: Rings) {
    guard hasNoNotify != silence else { return }
    hasNoNotify = silence
    rings.used.store(silence ? Self.noNotify : 0, at: Rings.flagsOffset)
  }
}
