import VMM

/// The frame that has come in over the wire and is not yet in the guest's memory: the head of the chip's FIFO. What the
/// filters say, and what the guest finds in it, is one and the same.
struct Arrival {
  /// Bytes with padding, without check sequence; 0 where there is none.
  var length = 0
  /// Whether RNBC has counted it.
  var isWaitCounted = false
  /// Whether it is one of the guest's own, looped back.
  var isOwn = false
}

extension E1000 {
  /// Moves frames from the back end into the receive ring, and returns the causes of interrupts.
  ///
  /// The back end's queue stands for the chip's FIFO: a frame without descriptors waits, which is counted
  /// once in RNBC and reported with RXO. A frame that no ring of this size could hold is missed (MPC).
  /// - Parameter isAsked: whether the guest's own write led here, so that it is told what is wrong.
  func receive(isAsked: Bool = false) -> UInt32 {
    isDeaf = true
    let causes = moveFrames(isAsked: isAsked)
    // The alarm wakes the thread that waits, which then waits for the back end as well.
    if isUnwatched && !isDeaf && backend.descriptor != nil { continueSoon() }
    return causes
  }

  private func moveFrames(isAsked: Bool) -> UInt32 {
    guard registers[Offset.rctl] & RCTL.enable != 0 else { return 0 }
    guard isAsked || hasFrame else {
      isDeaf = isLoopedBack
      return 0
    }
    guard isAsked ? mayMaster() : function.isBusMaster else { return 0 }
    guard var ring = ring(RingBlock.receive) else {
      if isAsked { explainRing(RingBlock.receive) }
      return 0
    }
    let received = packets.received
    var causes: UInt32 = 0
    // Frames that no filter passes use no descriptor, and descriptors without a buffer take no frame: what is bounded
    // is frames and descriptors together.
    var budget = 2 * ring.count
    while budget > 0, accept() {
      budget -= 1
      guard arrival.length > 0 else { continue }
      guard let cause = deliver(&ring, &budget) else {
        if budget > 0 { causes |= countWait() }
        break
      }
      causes |= cause
    }
    registers[RingBlock.receive + RingBlock.head] = UInt32(ring.head)
    isDeaf = arrival.length > 0 || isLoopedBack
    if budget <= 0 && hasFrame {
      isDeaf = true
      continueSoon()
    }
    guard packets.received != received else { return causes }
    return causes | (causes & Cause.srpd != 0 ? announceAtOnce() : announceReceived())
  }

  private var hasFrame: Bool { arrival.length > 0 || !isLoopedBack && backend.nextLength != nil }

  /// Takes the back end's next frame in, if none is in yet; one that is too long is refused. False where there is no
  /// frame.
  private func accept() -> Bool {
    guard arrival.length == 0 else { return true }
    guard !isLoopedBack, let length = backend.nextLength else { return false }
    let padded = max(length, FrameSize.minimum)
    let onWire = padded + FrameSize.checkSequence
    registers.count(Offset.tpr)
    registers.countOctets(Offset.torl, onWire)
    guard onWire <= longestFrame else {
      backend.dropNext()
      registers.count(Offset.roc)
      registers.count(Offset.rlec)
      packets.dropped &+= 1
      fault("frame of \(length) bytes for the guest is longer than RCTL.LPE allows")
      return true
    }
    let room: InlineArray<1, MemoryView> = [arrived.slice(0, padded)!]
    backend.receive(into: room.span)
    arrived.slice(length, padded - length)!.clear()
    arrival.length = padded
    return true
  }

  /// Bytes of the longest frame that is received now, with its check sequence.
  var longestFrame: Int {
    registers[Offset.rctl] & RCTL.longPackets != 0 ? FrameSize.longestWithLPE : FrameSize.longest
  }

  /// Filters the frame that has come in, and writes it to the guest's memory. Nil when it has to wait.
  private func deliver(_ ring: inout DescriptorRing, _ budget: inout Int) -> UInt32? {
    let frame = arrived.slice(0, arrival.length)!
    let verdict = verdict(on: frame)
    guard verdict != .rejected else {
      arrival = Arrival()
      return 0
    }
    let control = registers[Offset.rctl]
    let isStripped = registers[Offset.ctrl] & CTRL.vlanMode != 0 && isTagged(frame)
    let checkSequence = control & RCTL.stripCRC != 0 ? 0 : FrameSize.checkSequence
    let length = frame.count + checkSequence - (isStripped ? VLAN.tagCount : 0)
    let size = bufferSize(control)
    let before = ring.pending
    guard let used = collectBuffers(length, size, &ring, &budget) else {
      guard budget > 0, before == ring.count - 1, ring.pending == before else { return nil }
      return miss()
    }
    let onWire = frame.count + FrameSize.checkSequence
    countReceived(frame, onWire)
    if checkSequence != 0 { appendCheckSequence(frame) }
    var report = ReceiveReport()
    if verdict == .inexact { report.status |= ReceiveDescriptor.Status.passedInexactFilter }
    if isStripped { stripTag(&report) }
    let stored = arrived.slice(isStripped ? VLAN.tagCount : 0, length)!
    checkSums(stored, length - checkSequence, &report)
    for index in 0..<used {
      buffers[index].copy(from: stored.slice(index * size, min(size, length - index * size))!)
    }
    writeBack(used, length, size, report, ring)
    ring.head = ring.next(slots[used - 1])
    arrival = Arrival()
    return smallPacketCause(length) | thresholdCause(before: before, ring)
  }

  /// Finds buffers for `length` bytes from RDH on and returns how many, nil where there are not enough.
  ///
  /// Descriptors without a buffer carry no data: they are written back with DD and passed over
  /// (section 3.2.5.2). So is a buffer that is not in RAM, as far as the frame would reach: drivers give less than the
  /// size that they program where they know that no frame is as long.
  private func collectBuffers(
    _ length: Int, _ size: Int, _ ring: inout DescriptorRing, _ budget: inout Int
  ) -> Int? {
    var (index, used, room) = (ring.head, 0, 0)
    while room < length {
      guard index != ring.tail, used < buffers.count, budget > 0 else { return nil }
      budget -= 1
      let offset = ring.offset(index)
      let address: UInt64 = ring.view.load(at: offset)
      let need = min(size, length - room)
      if address != 0, let buffer = memory.view(at: address, count: need) {
        buffers[used] = buffer
        slots[used] = index
        used += 1
        room += size
      } else {
        if address != 0 { fault("receive buffer at \(hex(address)), \(need) bytes, is not in RAM") }
        let at = offset + ReceiveDescriptor.statusOffset
        let status: UInt8 = ring.view.load(at: at)
        ring.view.storeRelease(status | ReceiveDescriptor.Status.done, at: at)
        if used == 0 { ring.head = ring.next(index) }
      }
      index = ring.next(index)
    }
    return used
  }

  /// Adds the check sequence that the frame had on the wire.
  private func appendCheckSequence(_ frame: MemoryView) {
    var sequence = FrameCheckSequence()
    sequence.add(frame)
    arrived.store(sequence.value, at: frame.count)
  }

  /// Moves the addresses over the tag, and reports the tag instead (section 9.3).
  private func stripTag(_ report: inout ReceiveReport) {
    report.status |= ReceiveDescriptor.Status.isVLAN
    report.special = arrived.loadBigEndian(at: VLAN.offset + 2)
    arrived.copy(from: arrived.slice(0, VLAN.offset)!, at: VLAN.tagCount)
  }

  private func writeBack(
    _ used: Int, _ length: Int, _ size: Int, _ report: ReceiveReport, _ ring: DescriptorRing
  ) {
    var rest = length
    for index in 0..<used {
      let offset = ring.offset(slots[index])
      var status = report.status | ReceiveDescriptor.Status.done
      if index == used - 1 { status |= ReceiveDescriptor.Status.endOfPacket }
      ring.view.store(
        UInt32(min(rest, size)) | UInt32(report.checksum) << 16, at: offset + ReceiveDescriptor.lengthOffset)
      ring.view.store(report.errors, at: offset + ReceiveDescriptor.errorsOffset)
      ring.view.store(report.special, at: offset + ReceiveDescriptor.specialOffset)
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

  /// RSRPD: frames of which at most this many bytes are stored announce themselves at once; 0 turns it off
  /// (sections 3.2.7.2 and 13.4.32).
  private func smallPacketCause(_ length: Int) -> UInt32 {
    let size = registers[Offset.rsrpd]
    return size != 0 && length <= size ? Cause.srpd : 0
  }

  /// Drops the frame that has come in: the whole ring has no room for it.
  private func miss() -> UInt32 {
    fault("frame of \(arrival.length) bytes for the guest does not fit into the whole receive ring")
    arrival = Arrival()
    packets.dropped &+= 1
    registers.count(Offset.mpc)
    return Cause.rxo
  }

  private func countWait() -> UInt32 {
    guard !arrival.isWaitCounted else { return 0 }
    arrival.isWaitCounted = true
    registers.count(Offset.rnbc)
    return Cause.rxo
  }
}
