import VMM

/// Loopback: what the guest sends comes back to it, and the far end sees nothing (RCTL.LBM, section 13.4.22; bit 14 of
/// the PHY's PCTRL, section 13.4.7.1.1).
extension E1000 {
  var isLoopedBack: Bool { registers[Offset.rctl] & RCTL.loopback != 0 || phy.isLoopedBack }

  /// Receives a frame that the guest has sent. The FIFO has room for one: the next is missed while that waits for
  /// descriptors.
  func takeBack(_ data: borrowing Span<MemoryView>, _ length: Int) {
    let padded = max(length, FrameSize.minimum)
    registers.count(Offset.tpr)
    registers.countOctets(Offset.torl, padded + FrameSize.checkSequence)
    guard padded + FrameSize.checkSequence <= longestFrame else {
      registers.count(Offset.roc)
      return
    }
    guard arrival.length == 0 else {
      registers.count(Offset.mpc)
      loopbackCauses |= Cause.rxo
      return
    }
    var offset = 0
    for index in data.indices {
      arrived.copy(from: data[index], at: offset)
      offset += data[index].count
    }
    arrived.slice(offset, padded - offset)!.clear()
    arrival.length = padded
    arrival.isOwn = true
    loopbackCauses |= receive()
  }
}
