import VMM

/// One function of a PCI device: 256 bytes of configuration space, of which a guest changes what the write
/// masks let it.
///
/// The function starts as firmware would leave it: addresses assigned, its spaces and bus mastering enabled.
/// It is reached through ``PCIHost``; the device that it belongs to may look at it meanwhile, so all of its
/// configuration lies in memory that takes concurrent access.
public final class PCIFunction: @unchecked Sendable {
  /// The name for reports, lower case: `e1000`.
  public let name: String
  public let bars: [PCIBaseAddress]
  /// INTA#, for the device to drive; it leads nowhere for a function that does not interrupt.
  public let pin: PCIInterruptPin
  public let messages: MSIXTable?
  /// The bytes of a capability that are the device's affair, by offset in configuration space.
  public let live: Range<Int>?
  /// The message control register of MSI-X.
  private let messageControl: Int?
  private let storage = HostBuffer(count: 3 * Configuration.size)
  private let values: MemoryView
  /// Bits that take what is written.
  private let writable: MemoryView
  /// Bits that a written one clears.
  private let clearable: MemoryView

  /// - Parameters:
  ///   - name: for reports.
  ///   - vendor: vendor ID.
  ///   - device: device ID.
  ///   - revision: revision ID.
  ///   - classCode: 24 bits: base class, sub-class, programming interface.
  ///   - subsystem: subsystem vendor ID and subsystem ID, zero for none.
  ///   - bars: none over another.
  ///   - capabilities: in the order of the list; 192 bytes at most, with that of `messages`, of which at most one is live.
  ///   - interrupt: the wire of INTA#, nil for a function that does not interrupt.
  ///   - interruptLine: the interrupt controller's input that it leads to.
  ///   - messages: MSI-X, nil for none.
  public init(
    name: String, vendor: UInt16, device: UInt16, revision: UInt8 = 0, classCode: UInt32,
    subsystem: (vendor: UInt16, id: UInt16) = (0, 0), bars: [PCIBaseAddress] = [],
    capabilities: [PCICapability] = [], interrupt: InterruptLine? = nil, interruptLine: UInt8 = 0,
    messages: MSIXTable? = nil
  ) {
    let registers = bars.flatMap(\.registers)
    precondition(classCode < 1 << 24 && Set(registers).count == registers.count)
    self.name = name
    self.bars = bars
    self.messages = messages
    let values = storage.view.slice(0, Configuration.size)!
    self.values = values
    writable = storage.view.slice(Configuration.size, Configuration.size)!
    clearable = storage.view.slice(2 * Configuration.size, Configuration.size)!
    pin = PCIInterruptPin(interrupt) { isAsserted in
      let rest = values.load(UInt8.self, at: Configuration.status) & ~Status.interrupt
      values.store(rest | (isAsserted ? Status.interrupt : 0), at: Configuration.status)
    }
    let all = capabilities + (messages.map { [$0.capability] } ?? [])
    var offset = Configuration.headerEnd
    var live: Range<Int>?
    for capability in all {
      if let range = capability.live { live = (offset + range.lowerBound)..<(offset + range.upperBound) }
      offset += capability.count
    }
    self.live = live
    messageControl = messages.map { offset - $0.capability.count + 2 }
    values.store(vendor, at: Configuration.vendor)
    values.store(device, at: Configuration.device)
    values.store(classCode << 8 | UInt32(revision), at: Configuration.revision)
    values.store(subsystem.vendor, at: Configuration.subsystemVendor)
    values.store(subsystem.id, at: Configuration.subsystem)
    let spaces = bars.reduce(Command.memorySpace) { $0 | $1.decode }
    values.store(spaces | Command.busMaster, at: Configuration.command)
    values.store(
      Status.mediumDevsel | (all.isEmpty ? 0 : Status.capabilityList), at: Configuration.status)
    writable.store(
      spaces | Command.busMaster | Command.parityErrorResponse | Command.systemError
        | (interrupt == nil ? 0 : Command.interruptDisable), at: Configuration.command)
    clearable.store(Status.errors, at: Configuration.status)
    writable.store(0xff as UInt8, at: Configuration.cacheLineSize)
    writable.store(0xff as UInt8, at: Configuration.latencyTimer)
    for bar in bars { lay(bar) }
    if interrupt != nil {
      values.store(interruptLine, at: Configuration.interruptLine)
      writable.store(0xff as UInt8, at: Configuration.interruptLine)
      values.store(1 as UInt8, at: Configuration.interruptPin)
    }
    lay(all)
  }

  private func lay(_ bar: PCIBaseAddress) {
    for half in bar.registers {
      let shift = UInt64(32 * (half - bar.index))
      let offset = Configuration.baseAddress0 + 4 * half
      values.store(UInt32(truncatingIfNeeded: (bar.address | bar.type) >> shift), at: offset)
      writable.store(UInt32(truncatingIfNeeded: bar.writable >> shift), at: offset)
    }
  }

  /// Puts the list of capabilities behind the header (PCI 3.0, section 6.7).
  private func lay(_ capabilities: [PCICapability]) {
    var offset = Configuration.headerEnd
    var pointer = Configuration.capabilities
    for capability in capabilities {
      precondition(offset + capability.count <= Configuration.size, "no room for the capabilities")
      values.store(UInt8(offset), at: pointer)
      values.store(capability.id, at: offset)
      pointer = offset + 1
      values.copy(from: capability.body, at: offset + 2)
      writable.copy(from: capability.writable, at: offset + 2)
      offset += capability.count
    }
  }

  /// Whether the guest lets the device reach memory on its own (PCI 3.0, section 6.2.2, bit 2).
  public var isBusMaster: Bool { command & Command.busMaster != 0 }

  private var command: UInt16 { values.load(at: Configuration.command) }

  /// Where a base address register puts its window, nil for nowhere.
  func place(of bar: PCIBaseAddress) -> UInt64? {
    guard command & bar.decode != 0 else { return nil }
    let low: UInt32 = values.load(at: bar.offset)
    let high: UInt32 = bar.kind == .memory64 ? values.load(at: bar.offset + 4) : 0
    return bar.place(UInt64(high) << 32 | UInt64(low))
  }

  /// Whether a write of `size` bytes at `offset` may have changed how the function interrupts.
  func concernsInterrupts(_ offset: Int, size: Int) -> Bool {
    let range = offset..<(offset + size)
    if range.overlaps(Configuration.command..<(Configuration.command + 2)) { return true }
    return messageControl.map { range.overlaps($0..<($0 + 2)) } ?? false
  }

  /// Lets what the guest wrote hold for interrupts. With the device's gate closed.
  func settleInterrupts() {
    let control: UInt16 = messageControl.map { values.load(at: $0) } ?? 0
    messages?.set(control, isBusMaster: isBusMaster)
    pin.isDisabled = command & Command.interruptDisable != 0 || control & MSIXTable.Control.enable != 0
  }

  /// Reads `size` bytes, 1, 2 or 4, at `offset`; what lies beyond 255 reads zero.
  public func read(_ offset: Int, size: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<size where offset + index < Configuration.size {
      value |= UInt32(values.load(UInt8.self, at: offset + index)) &<< UInt32(8 * index)
    }
    return value
  }

  /// Writes the low `size` bytes of `value`, 1, 2 or 4, as far as the masks let them.
  func write(_ offset: Int, size: Int, _ value: UInt32) {
    for index in 0..<size where offset + index < Configuration.size {
      let at = offset + index
      let byte = UInt8(truncatingIfNeeded: value &>> UInt32(8 * index))
      let mask: UInt8 = writable.load(at: at)
      let cleared: UInt8 = clearable.load(at: at) & byte
      // The byte with the interrupt's bit is the device's to write, at any time.
      guard mask | cleared != 0 else { continue }
      values.store((values.load(at: at) & ~mask | byte & mask) & ~cleared, at: at)
    }
  }
}
