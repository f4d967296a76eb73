import VMM

/// Lengths count from the destination address through the frame check sequence (section 13.7).
extension E1000 {
  /// Counts a frame that goes out, of `count` bytes; `start` has its addresses, if it has any.
  func countTransmitted(_ start: MemoryView, _ count: Int) {
    let length = count + FrameSize.checkSequence
    registers.count(Offset.tpt)
    registers.countOctets(Offset.totl, length)
    guard length >= 64 else { return }
    registers.count(Offset.gptc)
    registers.countOctets(Offset.gotcl, length)
    registers.count(Offset.ptc64 + Self.sizeClass(length))
    countGroup(start, multicast: Offset.mptc, broadcast: Offset.bptc)
  }

  /// Counts a frame whose descriptors are about to be written; `length` includes the check sequence.
  func countReceived(_ start: MemoryView, _ length: Int) {
    packets.received &+= 1
    registers.count(Offset.gprc)
    registers.countOctets(Offset.gorcl, length)
    registers.count(Offset.prc64 + Self.sizeClass(length))
    countGroup(start, multicast: Offset.mprc, broadcast: Offset.bprc)
  }

  private func countGroup(_ frame: MemoryView, multicast: Int, broadcast: Int) {
    let destination = Self.address(in: frame, at: 0)
    guard destination & 1 != 0 else { return }
    registers.count(destination == AddressFilter.broadcast ? broadcast : multicast)
  }

  /// The six bytes of an Ethernet address, the first of the wire lowest.
  static func address(in frame: MemoryView, at offset: Int) -> UInt64 {
    UInt64(frame.load(UInt32.self, at: offset)) | UInt64(frame.load(UInt16.self, at: offset + 4)) << 32
  }

  /// Which of the six counters by size, as a distance in bytes: 64, –127, –255, –511, –1023, longer.
  private static func sizeClass(_ length: Int) -> Int {
    guard length > 64 else { return 0 }
    return 4 * min(5, Int.bitWidth - length.leadingZeroBitCount - 6)
  }
}
