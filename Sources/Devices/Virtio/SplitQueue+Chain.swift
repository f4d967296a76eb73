import VMM

/// Following a chain through the descriptor table, and through one indirect table (virtio 1.2, section 2.7.5).
extension SplitQueue {
  /// The most bytes that a driver may put in one chain (section 2.7.5.2).
  private static let largestChain = 1 << 32

  /// Adds the buffers of the chain at `head` to ``chain``, at most as many as the queue has entries.
  func follow(_ head: UInt16, in rings: Rings) throws(QueueError) {
    var index = head
    for _ in 0..<rings.size {
      guard index < rings.size else { throw .descriptorOutOfRange(index, size: rings.size) }
      let descriptor = Descriptor(rings.descriptors, index)
      guard !descriptor.flags.contains(.indirect) else {
        return try followTable(of: descriptor, index, in: rings)
      }
      try append(descriptor, index)
      guard descriptor.flags.contains(.next) else { return }
      index = descriptor.next
    }
    throw .chainTooLong(head: head, size: rings.size)
  }

  /// Goes on in the table that `descriptor` stands for, which ends the chain (section 2.7.5.3). Its own WRITE flag means
  /// nothing. The entries count as if they stood in the queue: a chain is never longer than that.
  private func followTable(
    of descriptor: Descriptor, _ number: UInt16, in rings: Rings
  ) throws(QueueError) {
    guard takesIndirect else { throw .indirectNotNegotiated(descriptor: number) }
    guard !descriptor.flags.contains(.next) else { throw .indirectWithNext(descriptor: number) }
    let bytes = descriptor.length
    guard bytes > 0, Int(bytes) % Descriptor.count == 0 else {
      throw .badTableLength(descriptor: number, bytes)
    }
    guard let table = memory.view(at: descriptor.address, count: Int(bytes)) else {
      throw .bufferOutsideMemory(descriptor: number, at: descriptor.address, count: bytes)
    }
    let left = Int(rings.size) - chain.lastBufferCount
    do throws(QueueError) {
      try followEntries(of: table, atMost: left)
    } catch {
      throw .inTable(descriptor: number, error)
    }
  }

  private func followEntries(of table: MemoryView, atMost limit: Int) throws(QueueError) {
    let count = table.count / Descriptor.count
    var index: UInt16 = 0
    for _ in 0..<limit {
      guard Int(index) < count else { throw .entryOutOfRange(index, count: count) }
      let entry = Descriptor(table, index)
      guard !entry.flags.contains(.indirect) else { throw .nestedTable(entry: index) }
      try append(entry, index)
      guard entry.flags.contains(.next) else { return }
      index = entry.next
    }
    throw .chainTooLong(head: chain.lastHead, size: rings?.size ?? 0)
  }

  private func append(_ descriptor: Descriptor, _ index: UInt16) throws(QueueError) {
    guard descriptor.length > 0 else { throw .emptyBuffer(descriptor: index) }
    guard let buffer = memory.view(at: descriptor.address, count: Int(descriptor.length)) else {
      throw .bufferOutsideMemory(descriptor: index, at: descriptor.address, count: descriptor.length)
    }
    let bytes = chain.lastByteCount + buffer.count
    guard bytes <= Self.largestChain else { throw .chainTooLarge(head: chain.lastHead, bytes: bytes) }
    if descriptor.flags.contains(.write) {
      chain.appendWritable(buffer)
    } else {
      guard chain.writableCount == 0 else { throw .readableAfterWritable(descriptor: index) }
      chain.appendReadable(buffer)
    }
  }
}
