import NetBackends
import VMM
import Virtio

/// From the back end to the driver (virtio 1.2, sections 5.1.6.3, 5.1.6.4).
extension VirtioNet {
  /// Notifications are wanted only while frames wait for chains.
  func receive() -> UInt64 {
    isStarved = backend.nextLength != nil
    guard isStarved else { return 0 }
    var budget = WorkBudget()
    return work(on: Self.receiveQueue) { queue, most throws(QueueError) in
      isStarved = false
      for _ in 0..<most {
        guard let count = backend.nextLength else { return .sated }
        guard !budget.isSpent else { return .full }
        // Chains bound the frames that are delivered, and nothing those that are dropped.
        budget.spend(count)
        guard try deliver(count, into: queue) else {
          isStarved = true
          return .starved
        }
      }
      return .full
    }
  }

  /// Moves the next frame of the back end, `count` bytes, into the next chain, or into several under
  /// VIRTIO_NET_F_MRG_RXBUF, or drops it. Chains that hold no frame in the end stay in the queue.
  ///
  /// - Returns: false where the frame stays, for there are not enough chains.
  private func deliver(_ count: Int, into queue: SplitQueue) throws(QueueError) -> Bool {
    let offload = backend.nextOffload
    guard Self.frameLengths.contains(count), !exceedsMTU(count, offload) else {
      return dropNext("frame of \(count) bytes is no frame for an MTU of \(mtu)")
    }
    guard offload.needs.isSubset(of: receiveOffloads) else {
      return dropNext("\(backend.name) has a frame with work undone that the driver does not take")
    }
    guard try queue.pop() else { return false }
    let chain = queue.chain
    guard chain.readableCount == 0 else { throw .readableBuffer(head: chain.head) }
    let merges = driverFeatures.contains(.mergeableBuffers)
    while chain.writableCount < NetHeader.count + count {
      guard merges && chain.linkCount < queue.size else {
        queue.undoPop()
        return dropNext("frame of \(count) bytes does not fit a receive chain of \(chain.writableCount)")
      }
      guard try queue.popMore() else {
        queue.undoPop()
        return false
      }
    }
    NetHeader.store(
      offload, saysValid: driverFeatures.contains(.guestChecksum), buffers: chain.linkCount,
      to: headerSpace.view)
    chain.write(headerSpace.view)
    chain.withWritable { backend.receive(into: $0) }
    guard filter.isOpen || chain.withWritable({ admits($0, count) }) else {
      queue.undoPop()
      return true
    }
    queue.complete(written: NetHeader.count + count)
    counts.received &+= 1
    return true
  }

  private func dropNext(_ reason: @autoclosure () -> String) -> Bool {
    backend.dropNext()
    drop(reason())
    return true
  }

  /// Section 5.1.4.2: a header of 14 bytes, and 4 of a VLAN tag, come on top. What the driver has yet to cut into
  /// segments is longer.
  private func exceedsMTU(_ count: Int, _ offload: Offload) -> Bool {
    driverFeatures.contains(.mtu) && offload.segmentation == .none && count > mtu + 18
  }

  /// Looks at a frame where it lies already: in chains that the driver has not got back.
  private func admits(_ frame: borrowing Span<MemoryView>, _ count: Int) -> Bool {
    var destination: ReceiveFilter.Address = 0
    for index in 0..<6 { destination |= UInt64(frame.byte(at: index)) << (8 * UInt64(index)) }
    let isTagged = count >= 18 && frame.byte(at: 12) == 0x81 && frame.byte(at: 13) == 0
    let tag = isTagged ? UInt16(frame.byte(at: 14) & 0xf) << 8 | UInt16(frame.byte(at: 15)) : nil
    return filter.admits(destination, vlan: tag)
  }
}
