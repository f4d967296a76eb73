import NetBackends
import VMM

/// From the doorbell to whole frames. What is to be done to them: E1000+Frames.swift and E1000+Segments.swift.
extension E1000 {
  /// How much one doorbell may do before it lets go of the thread, in bytes, and what each descriptor and each
  /// frame costs beside its own: 18 000 ordinary frames, or 64 000 of the smallest.
  private static let budget = 64 << 20
  private static let overhead = 1024

  /// A write of TDT.
  func ringDoorbell() {
    let block = RingBlock.transmit
    if registers[block + RingBlock.head] != registers[block + RingBlock.tail] { kicks &+= 1 }
    startTransmitter()
  }

  /// Sends all that is pending, and sees whether the back end answers.
  func startTransmitter() {
    raise(transmit() | receive())
  }

  /// Sends what lies between TDH and TDT, at most one ring full (section 3.4), and returns the causes of
  /// interrupts.
  func transmit() -> UInt32 {
    let block = RingBlock.transmit
    guard registers[Offset.tctl] & TCTL.enable != 0,
      registers[block + RingBlock.head] != registers[block + RingBlock.tail], mayMaster()
    else { return 0 }
    guard let ring = ring(block) else {
      explainRing(block)
      return 0
    }
    transmitBudget = Self.budget
    loopbackCauses = 0
    // LWTHRESH counts in units of eight descriptors; at 0 the interrupt comes when there are none (section 13.4.43).
    let low = Int(registers[Offset.txdctl] &>> 25) * 8
    let isAboveLow = ring.pending > low
    // 1 for a descriptor whose interrupt comes at once, 2 for one that TIDV delays.
    var reported: UInt8 = 0
    var index = ring.head
    var written = index
    while index != ring.tail, transmitBudget > 0 {
      let offset = ring.offset(index)
      let descriptor = TransmitDescriptor(
        address: ring.view.load(at: offset), word: ring.view.load(at: offset + 8))
      let isEnd = take(descriptor)
      if descriptor.command & TransmitDescriptor.Command.report != 0 {
        reported |= descriptor.command & TransmitDescriptor.Command.interruptDelay == 0 ? 1 : 2
      }
      spend(0)
      index = ring.next(index)
      // A driver may use a buffer again once its descriptor is done, so that waits until the frame is out.
      if isEnd {
        writeBack(&written, to: index, ring)
      }
    }
    if pieces.count > 0 && !frame.isGathered || pieces.count > 1 { gather() }
    writeBack(&written, to: index, ring)
    registers[block + RingBlock.head] = UInt32(index)
    backend.flush()
    if index != ring.tail { continueSoon() }
    let isLow = isAboveLow && (ring.tail &- index &+ ring.count) % ring.count <= low
    return loopbackCauses | (index == ring.tail ? Cause.txqe : 0) | (isLow ? Cause.txdLow : 0)
      | announceTransmitted(atOnce: reported & 1 != 0, later: reported & 2 != 0)
  }

  /// Counts `bytes` of work.
  func spend(_ bytes: Int) {
    transmitBudget &-= bytes &+ Self.overhead
  }

  /// Sets DD where it was asked for.
  private func writeBack(_ written: inout Int, to end: Int, _ ring: DescriptorRing) {
    while written != end {
      let offset = ring.offset(written)
      let command: UInt8 = ring.view.load(at: offset + TransmitDescriptor.commandOffset)
      if command & TransmitDescriptor.Command.report != 0 {
        let at = offset + TransmitDescriptor.statusOffset
        let status: UInt8 = ring.view.load(at: at)
        ring.view.storeRelease(status & 0xf0 | TransmitDescriptor.done, at: at)
      }
      written = ring.next(written)
    }
  }

  /// Reads one descriptor. Whether it ends a frame.
  private func take(_ descriptor: TransmitDescriptor) -> Bool {
    switch descriptor.kind {
    case .legacy, .data: takeData(descriptor)
    case .context:
      let context = TransmitContext(descriptor)
      if context.isForSegments { segmentContext = context } else { checksumContext = context }
      return false
    case .reserved: discard("transmit descriptor of reserved type \(hex(descriptor.word >> 20 & 0xf))")
    }
    guard descriptor.isEnd else { return false }
    forgetFrame()
    return true
  }

  private func takeData(_ descriptor: TransmitDescriptor) {
    frame.start(descriptor)
    guard !frame.isDiscarded else { return }
    if !descriptor.isNull {
      let limit =
        frame.isSegmented ? segmentContext.header + segmentContext.payload : FrameSize.longestTransmitted
      guard descriptor.length <= limit - frame.length else {
        return discard(
          frame.isSegmented
            ? "frame to be cut has more than the \(limit) bytes of HDRLEN and PAYLEN"
            : "frame of more than \(limit) bytes dropped")
      }
      guard let piece = memory.view(at: descriptor.address, count: descriptor.length) else {
        return discard(
          "transmit buffer at \(hex(descriptor.address)), \(descriptor.length) bytes, is not in RAM")
      }
      if pieces.count == TransmitFrame.pieceLimit { gather() }
      pieces.append(piece)
      frame.length += piece.count
    }
    guard descriptor.isEnd, frame.length > 0 else { return }
    if frame.isSegmented { sendSegments() } else { sendFrame(descriptor) }
  }

  /// Puts the pieces together in the device's own memory: those of a frame whose end has not come, for their
  /// descriptors are done, and those of one that has too many.
  func gather() {
    var offset = 0
    for index in 0..<pieces.count {
      let piece = pieces[index]
      if index > 0 || !frame.isGathered { gathered.copy(from: piece, at: offset) }
      offset += piece.count
    }
    pieces.removeAll()
    pieces.append(gathered.slice(0, offset)!)
    frame.isGathered = true
  }

  /// The next descriptor begins a frame.
  func forgetFrame() {
    frame = TransmitFrame()
    pieces.removeAll()
  }

  /// Gives up the frame at hand: its remaining descriptors are consumed and carry nothing.
  func discard(_ reason: @autoclosure () -> String) {
    guard !frame.isDiscarded else { return }
    frame.isDiscarded = true
    pieces.removeAll()
    packets.dropped &+= 1
    if frame.isSegmented { registers.count(Offset.tsctfc) }
    fault(reason())
  }
}
