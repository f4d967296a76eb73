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
  public let msix: MSIXTable?
  public let msi: MSI?
  /// The bytes of a capability that are the device's affair, by offset in configuration space.
  public let live: Range<Int>?
  /// Where MSI and MSI-X lie in configuration space.
  private let msiOffset: Int?
  private let msixOffset: Int?
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
  ///   - capabilities: in the order of the list; 192 bytes at most, with those of MSI and MSI-X, of which at most one is live.
  ///   - interrupt: the wire of INTA#, nil for a function that does not interrupt.
  ///   - interruptLine: the interrupt controller's input that it leads to.
  ///   - msi: for a function that tells all by the level of its pin; nil for none.
  ///   - msix: nil for none.
  public init(
    name: String, vendor: UInt16, device: UInt16, revision: UInt8 = 0, classCode: UInt32,
    subsystem: (vendor: UInt16, id: UInt16) = (0, 0), bars: [PCIBaseAddress] = [],
    capabilities: [PCICapability] = [], interrupt: InterruptLine? = nil, interruptLine: UInt8 = 0,
    msi: MSI? = nil, msix: MSIXTable? = nil
  ) {
    let registers = bars.flatMap(\.registers)
    precondition(classCode < 1 << 24 && Set(registers).count == registers.count)
    self.name = name
    self.bars = bars
    self.msi = msi
    self.msix = msix
    let values = storage.view.slice(0, Configuration.size)!
    self.values = values
    writable = storage.view.slice(Configuration.size, Configuration.size)!
    clearable = storage.view.slice(2 * Configuration.size, Configuration.size)!
    pin = PCIInterruptPin(interrupt, msi) { isAsserted in
      let rest = values.load(UInt8.self, at: Configuration.status) & ~Status.interrupt
      values.store(rest | (isAsserted ? Status.interrupt : 0), at: Configuration.status)
    }
    let all = capabilities + [msi.map { _ in MSI.capability }, msix?.capability].compactMap(\.self)
    let offsets = Self.offsets(of: all)
    live = zip(all, offsets).compactMap { $0.liveBytes(at: $1) }.first
    msiOffset = zip(all, offsets).first { $0.0.id == PCICapability.msi }?.1
    msixOffset = zip(all, offsets).first { $0.0.id == PCICapability.msix }?.1
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
    lay(all, at: offsets)
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
  private func lay(_ capabilities: [PCICapability], at offsets: [Int]) {
    var pointer = Configuration.capabilities
    for (capability, offset) in zip(capabilities, offsets) {
      precondition(offset + capability.count <= Configuration.size, "no room for the capabilities")
      values.store(UInt8(offset), at: pointer)
      values.store(capability.id, at: offset)
      pointer = offset + 1
      values.copy(from: capability.body, at: offset + 2)
      writable.copy(from: capability.writable, at: offset + 2)
    }
  }

  /// Where each begins, one behind the other, and where the last one ends.
  private static func offsets(of capabilities: [PCICapability]) -> [Int] {
    capabilities.reduce(into: [Configuration.headerEnd]) { $0.append($0.last! + $1.count) }
  }

  /// How many messages were sent.
  public var messagesSent: UInt64 { (msi?.sent ?? 0) &+ (msix?.sent ?? 0) }

  /// How often the function interrupted: rises of the wire that INTA# leads to, and messages.
  public var interrupts: UInt64 { pin.raisedOnWire &+ messagesSent }

  /// Whether the guest lets the device reach memory on its own (PCI 3.0, section 6.2.2, bit 2).
  public var isBusMaster: Bool { command & Command.busMaster != 0 }

  private var command: UInt16 { values.load(at: Configuration.command) }

  /// The interrupt controller's input that INTA# leads to, as the guest is told; nil for a function that does not interrupt.
  var interruptLine: UInt8? {
    let hasPin = values.load(UInt8.self, at: Configuration.interruptPin) != 0
    return hasPin ? values.load(at: Configuration.interruptLine) : nil
  }

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
    let command = Configuration.command..<(Configuration.command + 2)
    let msi = msiOffset.map { ($0 + MSI.Offset.control)..<($0 + MSI.Offset.end) }
    let msix = msixOffset.map { ($0 + MSIXTable.controlOffset)..<($0 + MSIXTable.controlOffset + 2) }
    return [command, msi, msix].contains { $0?.overlaps(range) ?? false }
  }

  /// Lets what the guest wrote hold for interrupts. With the device's gate closed.
  func settleInterrupts() {
    let control: UInt16 = msixOffset.map { values.load(at: $0 + MSIXTable.controlOffset) } ?? 0
    msix?.set(control, isBusMaster: isBusMaster)
    let message = msiOffset.flatMap(message)
    msi?.set(message, isBusMaster: isBusMaster)
    pin.isDisabled =
      command & Command.interruptDisable != 0 || control & MSIXTable.Control.enable != 0 || message != nil
  }

  /// What the MSI capability at `offset` says, nil while MSI is off.
  private func message(at offset: Int) -> MessageInterrupt.Message? {
    guard values.load(at: offset + MSI.Offset.control) & MSI.Control.enable != 0 else { return nil }
    return MessageInterrupt.Message(
      address: values.load(at: offset + MSI.Offset.address),
      data: UInt32(values.load(UInt16.self, at: offset + MSI.Offset.data)))
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
