import VMM

/// A PC16550D UART whose wire is the host: what the guest transmits goes to a sink, what the host has for it
/// comes by ``receive(_:)``.
///
/// Nothing takes time on this wire. A byte has left as soon as it is written, so THRE and TEMT are always 1;
/// word length, parity and divisor are kept for the guest to read back and change nothing, so a guest that
/// leaves them as they were at power-on still prints.
public final class UART: ByteDevice, @unchecked Sendable {
  let line: InterruptLine
  let output: @Sendable (UInt8) -> Void
  let roomForInput: @Sendable () -> Void

  var interruptEnable: UInt8 = 0
  /// The THRE interrupt stands: set as THR empties, reset as the guest sees it in IIR (table IV).
  var holdingEmptied = false
  var fifosEnabled = false
  /// Bytes in the FIFO from which on the received-data interrupt stands.
  var trigger = 1
  var received = ReceiveFIFO()
  var overrun = false
  var modemDeltas: UInt8 = 0
  /// ``receive(_:)`` left bytes with the host, which waits for ``roomForInput``.
  var inputWaits = false
  private var lineControl: UInt8 = 0
  private var modemControl: UInt8 = 0
  private var scratch: UInt8 = 0
  private var divisor: UInt16 = 1

  /// - Parameters:
  ///   - base: the first of its eight ports: 0x3f8 for COM1.
  ///   - line: its interrupt, 4 for COM1. A PC has OUT2 of MCR gate it; here OUT2 is a bit without effect, as
  ///     in QEMU: small kernels forget to set it, and none needs the gate, which served to share the wire.
  ///   - output: takes each byte that the guest transmits, in the device's gate: while it waits, nobody else is let in.
  ///   - roomForInput: called in the device's gate when ``receive(_:)`` took less than it was offered and the
  ///     guest has since made room. It must not call the device; it wakes the thread that will.
  public init(
    base: UInt16 = 0x3f8, line: InterruptLine,
    output: @escaping @Sendable (UInt8) -> Void,
    roomForInput: @escaping @Sendable () -> Void = {}
  ) {
    self.line = line
    self.output = output
    self.roomForInput = roomForInput
    let names = ["RBR/THR/DLL", "IER/DLM", "IIR/FCR", "LCR", "MCR", "LSR", "MSR", "SCR"]
    let registers = RegisterMap(names.enumerated().map { Register($1, at: $0) })
    super.init(name: "uart", windows: [Window(.port, base: UInt64(base), count: 8, registers: registers)])
  }

  public override var counters: DeviceCounters { DeviceCounters(interrupts: line.raised) }

  /// Gives the guest bytes from the host and answers how many it took: as many as fit, so that the receiver is
  /// never overrun. The host keeps the rest until ``roomForInput``. Called inside `exclusively`.
  public func receive(_ bytes: borrowing Span<UInt8>) -> Int {
    // Section 8.8: in loopback the receiver is disconnected from its pin.
    let count = isLooped ? 0 : min(bytes.count, received.room)
    for index in 0..<count { _ = received.push(bytes[index]) }
    inputWaits = count < bytes.count
    if count > 0 { updateLine() }
    return count
  }

  public override func readByte(window: UInt8, at offset: Int) -> UInt8 {
    switch offset {
    case 0: isDivisorSelected ? UInt8(truncatingIfNeeded: divisor) : readReceiver()
    case 1: isDivisorSelected ? UInt8(truncatingIfNeeded: divisor &>> 8) : interruptEnable
    case 2: readInterruptIdentification()
    case 3: lineControl
    case 4: modemControl
    case 5: readLineStatus()
    case 6: readModemStatus()
    case 7: scratch
    default: 0xff
    }
  }

  public override func writeByte(_ value: UInt8, window: UInt8, at offset: Int) {
    switch offset {
    case 0 where isDivisorSelected: divisor = divisor & 0xff00 | UInt16(value)
    case 0: transmit(value)
    case 1 where isDivisorSelected: divisor = divisor & 0x00ff | UInt16(value) &<< 8
    case 1: writeInterruptEnable(value)
    case 2: writeFIFOControl(value)
    case 3: lineControl = value
    case 4: writeModemControl(value)
    case 7: scratch = value
    default: break  // LSR and MSR are "intended for read operations only" (section 8.4).
    }
  }

  private var isDivisorSelected: Bool { lineControl & LCR.divisorLatchAccess != 0 }
  private var isLooped: Bool { modemControl & MCR.loop != 0 }

  private func transmit(_ byte: UInt8) {
    if isLooped { loopBack(byte) } else { output(byte) }
    holdingEmptied = true
    if interruptEnable & IER.transmitterEmpty != 0 { pulseLine(IER.transmitterEmpty) }
  }

  private func loopBack(_ byte: UInt8) {
    if !received.push(byte) {
      overrun = true
      // Section 8.4, bit 1: without FIFOs the new character destroys the one in RBR; a full FIFO keeps its
      // characters and loses the new one.
      if !fifosEnabled {
        _ = received.pop()
        _ = received.push(byte)
      }
    }
    updateLine()
  }

  private func readReceiver() -> UInt8 {
    let byte = received.pop()
    if received.count < trigger, interruptEnable & IER.receivedData != 0 { pulseLine(IER.receivedData) }
    announceRoom()
    return byte
  }

  private func readLineStatus() -> UInt8 {
    var value = LSR.holdingEmpty | LSR.transmitterEmpty
    if received.count > 0 { value |= LSR.dataReady }
    if overrun {
      value |= LSR.overrun
      overrun = false
      updateLine()
    }
    return value
  }

  private func writeFIFOControl(_ value: UInt8) {
    let enable = value & FCR.enable != 0
    let changesMode = enable != fifosEnabled
    fifosEnabled = enable
    // Section 8.5: changing the mode clears the FIFOs, and without bit 0 the other bits are not programmed.
    if changesMode || (enable && value & FCR.resetReceiver != 0) {
      received.reset(capacity: enable ? 16 : 1)
    }
    switch value &>> 6 {
    case _ where !enable: trigger = 1
    case 0: trigger = 1
    case 1: trigger = 4
    case 2: trigger = 8
    default: trigger = 14
    }
    // Section 8.11: the first transmitter interrupt after a change of the mode is immediate.
    if changesMode { holdingEmptied = true }
    updateLine()
    announceRoom()
  }

  private func writeModemControl(_ value: UInt8) {
    let before = modemInputs
    modemControl = value & MCR.all
    noteModemChange(since: before)
    announceRoom()
  }

  /// CTS, DSR, RI and DCD as MSR shows them.
  var modemInputs: UInt8 {
    guard isLooped else {
      // A peer that is always there and ready, so that a guest with flow control sends.
      return MSR.clearToSend | MSR.dataSetReady | MSR.carrier
    }
    // Section 8.8: in loopback they are connected to RTS, DTR, OUT1 and OUT2.
    var inputs: UInt8 = 0
    if modemControl & MCR.requestToSend != 0 { inputs |= MSR.clearToSend }
    if modemControl & MCR.terminalReady != 0 { inputs |= MSR.dataSetReady }
    if modemControl & MCR.out1 != 0 { inputs |= MSR.ring }
    if modemControl & MCR.out2 != 0 { inputs |= MSR.carrier }
    return inputs
  }

  private func announceRoom() {
    guard inputWaits, received.count == 0, !isLooped else { return }
    inputWaits = false
    roomForInput()
  }
}
