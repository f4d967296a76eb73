import VMM

/// One function of a PCI device: 256 bytes of configuration space, of which a guest changes what the write
/// masks let it.
///
/// The function starts as firmware would leave it: addresses assigned, memory space and bus mastering enabled.
/// It is reached through ``PCIHost``; the device that it belongs to may look at it meanwhile, so all of its
/// state lies in memory that takes concurrent access.
public final class PCIFunction: Sendable {
  /// The name for reports, lower case: `e1000`.
  public let name: String
  /// The windows of memory space that the function claims.
  public let bars: [PCIMemoryBAR]
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
  ///   - bars: memory windows, each with its own index.
  ///   - interruptLine: the interrupt controller's input that INTA# is wired to, nil for a function that
  ///     does not interrupt.
  public init(
    name: String, vendor: UInt16, device: UInt16, revision: UInt8 = 0, classCode: UInt32,
    subsystem: (vendor: UInt16, id: UInt16) = (0, 0), bars: [PCIMemoryBAR] = [],
    interruptLine: UInt8? = nil
  ) {
    precondition(classCode < 1 << 24 && Set(bars.map(\.index)).count == bars.count)
    self.name = name
    self.bars = bars
    values = storage.view.slice(0, Configuration.size)!
    writable = storage.view.slice(Configuration.size, Configuration.size)!
    clearable = storage.view.slice(2 * Configuration.size, Configuration.size)!

    values.store(vendor, at: Configuration.vendor)
    values.store(device, at: Configuration.device)
    values.store(classCode << 8 | UInt32(revision), at: Configuration.revision)
    values.store(subsystem.vendor, at: Configuration.subsystemVendor)
    values.store(subsystem.id, at: Configuration.subsystem)
    values.store(Command.memorySpace | Command.busMaster, at: Configuration.command)
    values.store(Status.mediumDevsel, at: Configuration.status)
    writable.store(
      Command.memorySpace | Command.busMaster | Command.parityErrorResponse | Command.systemError,
      at: Configuration.command)
    clearable.store(Status.errors, at: Configuration.status)
    writable.store(0xff as UInt8, at: Configuration.cacheLineSize)
    writable.store(0xff as UInt8, at: Configuration.latencyTimer)
    for bar in bars {
      values.store(bar.address, at: bar.offset)
      writable.store(bar.writable, at: bar.offset)
    }
    if let interruptLine {
      values.store(interruptLine, at: Configuration.interruptLine)
      writable.store(0xff as UInt8, at: Configuration.interruptLine)
      values.store(1 as UInt8, at: Configuration.interruptPin)
    }
  }

  /// Whether the guest lets the device reach memory on its own (PCI 3.0, section 6.2.2, bit 2).
  public var isBusMaster: Bool {
    values.load(UInt16.self, at: Configuration.command) & Command.busMaster != 0
  }

  /// The address that the guest programmed into `bar`, nil while memory space is disabled or the register
  /// holds the all-ones pattern by which a guest asks for the size.
  func programmedAddress(of bar: PCIMemoryBAR) -> UInt32? {
    guard values.load(UInt16.self, at: Configuration.command) & Command.memorySpace != 0 else { return nil }
    let address: UInt32 = values.load(at: bar.offset)
    return address == bar.writable ? nil : address
  }

  /// Reads `size` bytes, 1, 2 or 4, at `offset`; what lies beyond 255 reads zero.
  func read(_ offset: Int, size: Int) -> UInt32 {
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
      values.store((values.load(at: at) & ~mask | byte & mask) & ~cleared, at: at)
    }
  }
}
