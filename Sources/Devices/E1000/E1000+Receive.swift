import VMM

extension E1000 {
  /// Moves frames from the back end into the receive ring, and returns the causes of interrupts.
  ///
  /// The back end's queue stands for the chip's FIFO: a frame without descriptors waits there, which is counted
  /// once in RNBC and reported with RXO. A frame that no ring of this size could hold is missed (MPC).
  /// - Parameter isAsked: whether the guest's own write led here, so that it is told what is wrong.
  func receive(isAsked: Bool = false) -> UInt32 {
    guard registers[Offset.rctl] & RCTL.enable != 0 else { return 0 }
    guard isAsked || backend.nextLength != nil else { return 0 }
    guard isAsked ? mayMaster() : function.isBusMaster else { return 0 }
    guard var ring = ring(RingBlock.receive) else {
      if isAsked { explainRing(RingBlock.receive) }
      return 0
    }
    var causes: UInt32 = 0
    // Frames that no filter passes use no descriptor, and descriptors without a buffer take no frame: what is bounded
    // is frames and descriptors together.
    var budget = 2 * ring.count
    while budget > 0, let length = backend.nextLength {
      budget -= 1
      guard let cause = receiveFrame(length, &ring, &budget) else { break }
      causes |= cause
    }
    registers[RingBlock.receive + RingBlock.head] = UInt32(ring.head)
    if budget <= 0 || backend.nextLength == nil { return causes }
    return causes | countWait()
  }

  /// Deals with the back end's next frame. Nil when it has to wait.
  private func receiveFrame(
    _ length: Int, _ ring: inout DescriptorRing, _ budget: inout Int
  ) -> UInt32? {
    let padded = max(length, FrameSize.minimum)
    let onWire = padded + FrameSize.checkSequence
    let control = registers[Offset.rctl]
    let longest = control & RCTL.longPackets != 0 ? FrameSize.longestWithLPE : FrameSize.longest
    guard onWire <= longest else {
      refuse("frame of \(length) bytes for the guest is longer than RCTL.LPE allows", onWire)
      registers.count(Offset.roc)
      registers.count(Offset.rlec)
      return 0
    }
    let stored = control & RCTL.stripCRC != 0 ? padded : onWire
    let size = bufferSize(control)
    let before = ring.pending
    guard let used = collectBuffers(stored, size, &ring, &budget) else {
      guard budget > 0, before == ring.count - 1, ring.pending == before else { return nil }
      refuse("frame of \(length) bytes for the guest does not fit into the whole receive ring", onWire)
      registers.count(Offset.mpc)
      return Cause.rxo
    }
    isWaitCounted = false
    backend.receive(into: buffers.span.extracting(0..<used))
    complete(from: length, padded: padded, stored: stored, size: size)
    registers.count(Offset.tpr)
    registers.countOctets(Offset.torl, onWire)
    let verdict = verdict(on: buffers[0])
    guard verdict != .rejected else { return 0 }
    countReceived(buffers[0], onWire)
    writeBack(used, stored, size, verdict, ring)
    ring.head = ring.next(slots[used - 1])
    return Cause.rxt0 | smallPacketCause(onWire) | thresholdCause(before: before, ring)
  }

  /// Finds buffers for `length` bytes from RDH on and returns how many, nil where there are not enough.
  ///
  /// Descriptors without a buffer carry no data: they are written back with DD and passed over
  /// (section 3.2.5.2). So is a buffer that is not in RAM.
  private func collectBuffers(
    _ length: Int, _ size: Int, _ ring: inout DescriptorRing, _ budget: inout Int
  ) -> Int? {
    var (index, used, room) = (ring.head, 0, 0)
    while room < length {
      guard index != ring.tail, used < buffers.count, budget > 0 else { return nil }
      budget -= 1
      let offset = ring.offset(index)
      let address: UInt64 = ring.view.load(at: offset)
      if address != 0, let buffer = memory.view(at: address, count: size) {
        buffers[used] = buffer
        slots[used] = index
        used += 1
        room += size
      } else {
        if address != 0 { fault("receive buffer at \(hex(address)), \(size) bytes, is not in RAM") }
        let at = offset + ReceiveDescriptor.statusOffset
        let status: UInt8 = ring.view.load(at: at)
        ring.view.storeRelease(status | ReceiveDescriptor.Status.done, at: at)
        if used == 0 { ring.head = ring.next(index) }
      }
      index = ring.next(index)
    }
    return used
  }

  /// Adds what the wire adds to a frame: padding, and the check sequence unless RCTL.SECRC strips it.
  private func complete(from length: Int, padded: Int, stored: Int, size: Int) {
    for position in length..<max(length, padded) {
      buffers[position / size].store(0 as UInt8, at: position % size)
    }
    guard stored > padded else { return }
    var sequence = FrameCheckSequence()
    for start in stride(from: 0, to: padded, by: size) {
      sequence.add(buffers[start / size].slice(0, min(size, padded - start))!)
    }
    for index in 0..<FrameSize.checkSequence {
      let position = padded + index
      let byte = UInt8(truncatingIfNeeded: sequence.value &>> UInt32(8 * index))
      buffers[position / size].store(byte, at: position % size)
    }
  }

  private func writeBack(
    _ used: Int, _ length: Int, _ size: Int, _ verdict: AddressFilter.Verdict, _ ring: DescriptorRing
  ) {
    typealias Status = ReceiveDescriptor.Status
    var rest = length
    for index in 0..<used {
      let offset = ring.offset(slots[index])
      var status = Status.done | Status.ignoreChecksum
      if index == used - 1 { status |= Status.endOfPacket }
      if verdict == .inexact { status |= Status.passedInexactFilter }
      ring.view.store(UInt32(min(rest, size)), at: offset + ReceiveDescriptor.lengthOffset)
      ring.view.store(0 as UInt8, at: offset + ReceiveDescriptor.errorsOffset)
      ring.view.store(0 as UInt16, at: offset + ReceiveDescriptor.specialOffset)
      ring.view.storeRelease(status, at: offset + ReceiveDescriptor.statusOffset)
      rest -= size
    }
  }

  /// RCTL.BSIZE and BSEX (section 13.4.22). BSEX with a BSIZE of 0 is reserved and taken as 2048.
  private func bufferSize(_ control: UInt32) -> Int {
    let size = Int(control &>> 16 & 3)
    guard control & RCTL.sizeExtension != 0, size != 0 else { return 2048 &>> size }
    return 32768 &>> size
  }

  /// RDMTS: the share of the ring that is left when RXDMT0 comes, 1/2, 1/4 or 1/8 (section 13.4.22).
  private func thresholdCause(before: Int, _ ring: DescriptorRing) -> UInt32 {
    let threshold = ring.count &>> (1 + min(2, Int(registers[Offset.rctl] &>> 8 & 3)))
    return before > threshold && ring.pending <= threshold ? Cause.rxdmt0 : 0
  }

  /// RSRPD: frames up to this size announce themselves at once; 0 turns it off (section 13.4.32).
  private func smallPacketCause(_ length: Int) -> UInt32 {
    let size = registers[Offset.rsrpd]
    return size != 0 && length <= size ? Cause.srpd : 0
  }

  /// Drops the back end's next frame.
  private func refuse(_ reason: @autoclosure () -> String, _ onWire: Int) {
    backend.dropNext()
    isWaitCounted = false
    packets.dropped &+= 1
    registers.count(Offset.tpr)
    registers.countOctets(Offset.torl, onWire)
    fault(reason())
  }

  private func countWait() -> UInt32 {
    guard !isWaitCounted else { return 0 }
    isWaitCounted = true
    registers.count(Offset.rnbc)
    return Cause.rxo
  }
}
