import NetBackends
import PCI
import VMM

/// An Intel 82540EM Gigabit Ethernet controller, as drivers see it through its registers and its two rings.
///
/// A write of TDT sends everything up to it before it returns, on the calling thread: a driver finds TDH at
/// TDT and DD set when its next instruction runs. Frames for the guest stay in the back end until there are
/// receive descriptors for them; they move whenever the guest makes room (RDT, RCTL), after each
/// transmission, and in ``poll()``.
///
/// What the chip does and this one does not, it says once: see ``Unmodelled`` and the register table.
public final class E1000: Device, @unchecked Sendable {
  /// Length of BAR0 in bytes.
  public static let windowSize: UInt64 = 128 << 10

  /// The function to attach to the PCI bus. The device works without.
  public let function: PCIFunction
  let memory: GuestMemory
  let backend: NetBackend
  let interrupt: InterruptLine
  let registers = RegisterFile()
  let eeprom: EEPROM
  let mac: MACAddress
  var microwire = Microwire()
  var phy = PHY()

  /// Where the fragments of a frame are put together, and short ones made longer.
  let gathered: MemoryView
  var frame = PartialFrame()
  /// The receive buffers for one frame, with the numbers of their descriptors: enough for the longest frame in
  /// the smallest buffers.
  var buffers: InlineArray<64, MemoryView>
  var slots = InlineArray<64, Int>(repeating: 0)
  /// Whether RNBC has counted the frame at the head of the back end's queue.
  var isWaitCounted = false

  /// TDT writes that move it away from TDH: the doorbells that ask for something.
  var kicks: UInt64 = 0
  var packets = PacketCounters()
  private var said: UInt32 = 0
  private let gatherBuffer = HostBuffer(count: FrameSize.longestTransmitted)

  /// - Parameters:
  ///   - memory: where descriptors and frames lie.
  ///   - backend: takes the frames sent and has frames for the guest.
  ///   - interrupt: the wire of INTA#.
  ///   - base: address of BAR0, below 4 GiB, a multiple of its 128 KiB.
  ///   - mac: the station's address, as the EEPROM has it.
  ///   - interruptLine: what configuration space tells the guest of the wire.
  public init(
    memory: GuestMemory, backend: NetBackend, interrupt: InterruptLine,
    base: GuestAddress = 0xfebc_0000,
    mac: MACAddress = MACAddress(0x52, 0x54, 0x00, 0x12, 0x34, 0x57), interruptLine: UInt8 = 11
  ) {
    self.memory = memory
    self.backend = backend
    self.interrupt = interrupt
    self.mac = mac
    eeprom = EEPROM(mac: mac)
    gathered = gatherBuffer.view
    buffers = InlineArray(repeating: gatherBuffer.view)
    function = PCIFunction(
      name: "e1000", vendor: Identity.vendor, device: Identity.device, revision: 3, classCode: 0x02_00_00,
      subsystem: (Identity.vendor, Identity.subsystem),
      bars: [PCIMemoryBAR(index: 0, address: UInt32(base), size: UInt32(Self.windowSize))],
      interruptLine: interruptLine)
    super.init(
      name: "e1000",
      windows: [Window(.memory, base: base, count: Self.windowSize, registers: RegisterDefinition.map)])
    loadAddress()
  }

  public override func read(_ access: Access) -> UInt64 {
    let offset = Int(access.offset)
    guard access.size == 4, offset & 3 == 0 else { return readLanes(access) }
    return UInt64(readRegister(offset))
  }

  public override func write(_ access: Access, _ value: UInt64) {
    let offset = Int(access.offset)
    guard access.size == 4, offset & 3 == 0 else { return writeLanes(access, value) }
    writeRegister(offset, UInt32(truncatingIfNeeded: value))
  }

  public override var counters: DeviceCounters {
    var packets = packets
    packets.lost = backend.lost
    packets.corrupt = backend.corrupt
    return DeviceCounters(kicks: kicks, interrupts: interrupt.raised, packets: packets)
  }

  /// Moves frames that wait in the back end into the receive ring. For the thread that learns of new frames;
  /// it waits for a vCPU in the device.
  public func poll() {
    exclusively { raise(receive()) }
  }

  /// Says once what is not modelled.
  func say(_ what: Unmodelled) {
    let bit: UInt32 = 1 &<< what.rawValue
    guard said & bit == 0 else { return }
    said |= bit
    fault(what.message)
  }

  /// CTRL.RST: everything but configuration space, the counters of the report and what was said
  /// (section 13.4.1).
  func reset() {
    registers.reset()
    loadAddress()
    microwire = Microwire()
    phy.reset()
    frame = PartialFrame()
    isWaitCounted = false
    interrupt.set(false)
  }

  /// The station's address comes from the EEPROM after each reset (section 13.5.3).
  private func loadAddress() {
    let (low, middle, high) = mac.words
    registers[Offset.ral0] = UInt32(low) | UInt32(middle) << 16
    registers[Offset.rah0] = UInt32(high) | AddressFilter.valid
  }
}
