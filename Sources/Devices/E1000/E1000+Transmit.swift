import VMM

/// A frame whose last descriptor has not come yet.
struct PartialFrame {
  /// Bytes gathered so far.
  var length = 0
  /// Whether it cannot be sent, which was counted and said when it turned out.
  var isDiscarded = false
}

extension E1000 {
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
  private func transmit() -> UInt32 {
    let block = RingBlock.transmit
    guard registers[Offset.tctl] & TCTL.enable != 0,
      registers[block + RingBlock.head] != registers[block + RingBlock.tail], mayMaster()
    else { return 0 }
    guard let ring = ring(block) else {
      explainRing(block)
      return 0
    }
    var causes = Cause.txqe
    // LWTHRESH counts in units of eight descriptors (section 13.4.43).
    let low = Int(registers[Offset.txdctl] &>> 25) * 8
    if low != 0 && ring.pending > low { causes |= Cause.txdLow }
    var index = ring.head
    while index != ring.tail {
      let offset = ring.offset(index)
      let descriptor = TransmitDescriptor(
        address: ring.view.load(at: offset), word: ring.view.load(at: offset + 8))
      take(descriptor)
      if descriptor.command & TransmitDescriptor.Command.reportStatus != 0 {
        ring.view.storeRelease(
          descriptor.status & 0xf0 | TransmitDescriptor.done, at: offset + TransmitDescriptor.statusOffset)
        causes |= Cause.txdw
      }
      index = ring.next(index)
    }
    registers[block + RingBlock.head] = UInt32(index)
    return causes
  }

  private func take(_ descriptor: TransmitDescriptor) {
    noteRequests(of: descriptor)
    switch descriptor.kind {
    case .legacy, .data: takeData(descriptor)
    case .context: break
    case .reserved: discard { "transmit descriptor of reserved type \(hex(descriptor.word >> 20 & 0xf))" }
    }
    if descriptor.isEnd && descriptor.kind != .context { frame = PartialFrame() }
  }

  /// A frame in one piece goes out from where it lies; others are gathered first.
  private func takeData(_ descriptor: TransmitDescriptor) {
    guard !frame.isDiscarded else { return }
    var data = gathered.slice(0, frame.length)!
    if !descriptor.isNull {
      guard descriptor.length <= FrameSize.longestTransmitted - frame.length else {
        return discard { "frame of more than \(FrameSize.longestTransmitted) bytes dropped" }
      }
      guard let fragment = memory.view(at: descriptor.address, count: descriptor.length) else {
        return discard {
          "transmit buffer at \(hex(descriptor.address)), \(descriptor.length) bytes, is not in RAM"
        }
      }
      if descriptor.isEnd && frame.length == 0 {
        data = fragment
      } else {
        gathered.copy(from: fragment, at: frame.length)
        frame.length += fragment.count
        data = gathered.slice(0, frame.length)!
      }
    }
    if descriptor.isEnd && data.count > 0 { send(data) }
  }

  /// Gives up the frame at hand: its remaining descriptors are consumed and carry nothing.
  private func discard(_ reason: () -> String) {
    guard !frame.isDiscarded else { return }
    frame.isDiscarded = true
    packets.dropped &+= 1
    fault(reason())
  }

  private func send(_ data: MemoryView) {
    var data = data
    if data.count < FrameSize.minimum && registers[Offset.tctl] & TCTL.padShortPackets != 0 {
      let length = data.count
      gathered.copy(from: data)
      gathered.slice(length, FrameSize.minimum - length)!.clear()
      data = gathered.slice(0, FrameSize.minimum)!
    }
    countTransmitted(data)
    packets.transmitted &+= 1
    backend.transmit(data)
  }

  /// Says what the descriptor asks for and does not get; nearly all ask for nothing.
  private func noteRequests(of descriptor: TransmitDescriptor) {
    typealias Command = TransmitDescriptor.Command
    let command = descriptor.command
    if command & (Command.segment | Command.insertVLAN | Command.interruptDelay) != 0
      || command & (Command.extended | Command.insertFCS | Command.endOfPacket)
        != Command.insertFCS | Command.endOfPacket
    {
      noteUnusualRequests(of: descriptor)
    }
  }

  @inline(never)
  private func noteUnusualRequests(of descriptor: TransmitDescriptor) {
    typealias Command = TransmitDescriptor.Command
    let command = descriptor.command
    if command & Command.interruptDelay != 0 && registers[Offset.tidv] != 0 { say(.interruptDelay) }
    guard descriptor.kind == .legacy || descriptor.kind == .data else { return }
    if command & Command.insertVLAN != 0 && registers[Offset.ctrl] & CTRL.vlanMode != 0 { say(.vlanMode) }
    if command & (Command.endOfPacket | Command.insertFCS) == Command.endOfPacket { say(.missingFCS) }
    if descriptor.kind == .legacy {
      if command & Command.insertChecksum != 0 { say(.checksumOffload) }
      return
    }
    if descriptor.options & 3 != 0 { say(.checksumOffload) }
    if command & Command.segment != 0 && !frame.isDiscarded {
      say(.segmentation)
      frame.isDiscarded = true
      packets.dropped &+= 1
    }
  }
}
