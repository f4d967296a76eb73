import VMM

/// What IIR names, by its low four bits: table IV, highest priority first.
enum InterruptCause: UInt8 {
  case lineStatus = 0x06
  case receivedData = 0x04
  /// A FIFO that is not empty and has seen neither a new byte nor a read for four characters' time.
  case characterTimeout = 0x0c
  case transmitterEmpty = 0x02
  case modemStatus = 0x00
  case none = 0x01
}

extension UART {
  /// The standing cause of the highest priority among those that `enabled`, bits as in IER, lets through.
  ///
  /// No time passes on this wire, so four characters' time is over at once: bytes below the trigger level are a
  /// character time-out from the start. A guest that set a high level then gets its last bytes, too.
  func cause(enabled: UInt8) -> InterruptCause {
    if enabled & IER.lineStatus != 0, overrun { return .lineStatus }
    if enabled & IER.receivedData != 0, received.count > 0 {
      return received.count >= trigger ? .receivedData : .characterTimeout
    }
    if enabled & IER.transmitterEmpty != 0, holdingEmptied { return .transmitterEmpty }
    if enabled & IER.modemStatus != 0, modemDeltas != 0 { return .modemStatus }
    return .none
  }

  /// Drives INTR: high while any enabled cause stands.
  func updateLine() {
    line.set(cause(enabled: interruptEnable) != .none)
  }

  /// Drives INTR after a cause of `kind` (a bit of IER) went and came again within one access.
  ///
  /// On the chip a time lies between the two in which INTR is low, and an edge-triggered controller sees the
  /// new interrupt only by that.
  func pulseLine(_ kind: UInt8) {
    line.set(cause(enabled: interruptEnable & ~kind) != .none)
    updateLine()
  }

  func readInterruptIdentification() -> UInt8 {
    let cause = cause(enabled: interruptEnable)
    if cause == .transmitterEmpty {
      // Table IV: reading IIR resets this interrupt if it is the one read.
      holdingEmptied = false
      updateLine()
    }
    return cause.rawValue | (fifosEnabled ? IIR.fifosEnabled : 0)
  }

  func writeInterruptEnable(_ value: UInt8) {
    let newlyEnabled = value & ~interruptEnable
    interruptEnable = value & IER.all
    // THRE is always 1, so enabling its interrupt raises it (section 8.4, bit 5): drivers start sending so.
    if newlyEnabled & IER.transmitterEmpty != 0 { holdingEmptied = true }
    updateLine()
  }

  func readModemStatus() -> UInt8 {
    let value = modemInputs | modemDeltas
    modemDeltas = 0
    updateLine()
    return value
  }

  /// Sets the delta bits for inputs that are not as in `before`; TERI only as RI goes (section 8.9).
  func noteModemChange(since before: UInt8) {
    let now = modemInputs
    var deltas = ((before ^ now) &>> 4) & ~MSR.ringTrailingEdge
    if before & ~now & MSR.ring != 0 { deltas |= MSR.ringTrailingEdge }
    modemDeltas |= deltas & MSR.deltas
    updateLine()
  }
}
