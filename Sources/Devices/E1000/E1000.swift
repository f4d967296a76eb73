import NetBackends
import PCI
import VMM

/// An Intel 82540EM Gigabit Ethernet controller, as drivers see it through its registers and its two rings.
///
/// A write of TDT sends everything up to it before it returns, on the calling thread: a driver finds TDH at
/// TDT and DD set when its next instruction runs. Frames for the guest stay in the back end until there are
/// receive descriptors for them; they move whenever the guest makes room (RDT, RCTL), after each
/// transmission, in ``poll()`` and when the alarm rings. What one call leaves over, for a guest may ask for more
/// than is good for it at once, goes on when the alarm rings.
///
/// What the chip does and this one does not, it says once: see ``Unmodelled`` and the register table.
public final class E1000: Device, PCIDevice, @unchecked Sendable {
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

  let alarm: Alarm
  var schedule = Schedule()
  /// When the alarm rings, if it is set.
  var armed: UInt64?
  /// IOADDR: the register that IODATA stands for.
  var portAddress: UInt32 = 0

  var checksumContext = TransmitContext()
  var segmentContext = TransmitContext()
  var frame = TransmitFrame()
  /// The pieces of the frame whose descriptors are being read, where they lie.
  var pieces = OwnedList<MemoryView>(capacity: TransmitFrame.pieceLimit)
  /// Where they are put together.
  let gathered: MemoryView
  /// Headers that are changed on the way, and the frame that they belong to.
  let headers: MemoryView
  var outgoing = OwnedList<MemoryView>(capacity: TransmitFrame.pieceLimit + 1)
  /// What the transmitter may still do in this call.
  var transmitBudget = 0
  /// Causes from frames that came back while the transmitter runs.
  var loopbackCauses: UInt32 = 0

  /// The frame that has come in.
  let arrived: MemoryView
  var arrival = Arrival()
  /// Whether no frame can be taken in before the guest has done something: there is nothing to wait for until then.
  var isDeaf = true
  /// Whether the back end's descriptor is not waited for at the moment.
  var isUnwatched = true
  /// The receive buffers for one frame, with the numbers of their descriptors: enough for the longest frame in
  /// the smallest buffers.
  var buffers: InlineArray<64, MemoryView>
  var slots = InlineArray<64, Int>(repeating: 0)

  /// TDT writes that move it away from TDH: the doorbells that ask for something.
  var kicks: UInt64 = 0
  var packets = PacketCounters()
  private var said: UInt32 = 0
  private let gatherBuffer = HostBuffer(count: FrameSize.longestSegmented)
  private let headerBuffer = HostBuffer(count: HeaderSpace.count)
  private let arrivalBuffer = HostBuffer(count: FrameSize.longestWithLPE)

  /// - Parameters:
  ///   - memory: where descriptors and frames lie.
  ///   - backend: takes the frames sent and has frames for the guest.
  ///   - interrupt: the wire of INTA#.
  ///   - alarm: the clock of the interrupt timers, which rings ``alarmRang()``.
  ///   - base: address of BAR0, below 4 GiB, a multiple of its 128 KiB.
  ///   - mac: the station's address, as the EEPROM has it.
  ///   - ports: first port of BAR1, a multiple of its 64.
  ///   - interruptLine: what configuration space tells the guest of the wire.
  ///   - message: what the chip's one MSI message is; nil for a machine that takes none.
  ///   - coalesced: which writes may wait in KVM's coalesced ring.
  public init(
    memory: GuestMemory, backend: NetBackend, interrupt: InterruptLine, alarm: Alarm,
    base: GuestAddress = 0xfebc_0000, ports: UInt16 = 0xc000,
    mac: MACAddress = MACAddress(0x52, 0x54, 0x00, 0x12, 0x34, 0x57), interruptLine: UInt8 = 11,
    message: MessageInterrupt? = nil, coalesced: CoalescedWrites = .none
  ) {
    self.memory = memory
    self.backend = backend
    self.alarm = alarm
    self.mac = mac
    eeprom = EEPROM(mac: mac)
    gathered = gatherBuffer.view
    headers = headerBuffer.view
    arrived = arrivalBuffer.view
    buffers = InlineArray(repeating: gatherBuffer.view)
    let windows = [
      Window(
        .memory, base: base, count: Self.windowSize, registers: RegisterDefinition.map,
        coalesced: coalesced.ranges, isMovable: true),
      Window(
        .port, base: UInt64(ports), count: PortWindow.count, registers: PortWindow.registers, isMovable: true),
    ]
    function = PCIFunction(
      name: "e1000", vendor: Identity.vendor, device: Identity.device, revision: 3, classCode: 0x02_00_00,
      subsystem: (Identity.vendor, Identity.subsystem),
      bars: [PCIBaseAddress(0, window: 0, of: windows), PCIBaseAddress(1, window: 1, of: windows)],
      interrupt: interrupt, interruptLine: interruptLine, msi: message.map(MSI.init))
    self.interrupt = function.pin
    super.init(name: "e1000", windows: windows)
    loadAddress()
    function.msi?.onFault = { [unowned self] in fault($0) }
    backend.onFault = { [weak self] in self?.fault($0) }
    backend.guestAccepts([])
  }

  public override func read(_ access: Access) -> UInt64 {
    access.window == 0 ? readMemory(access) : readPort(access)
  }

  public override func write(_ access: Access, _ value: UInt64) {
    guard access.window == 0 else { return writePort(access, value) }
    let offset = Int(access.offset)
    guard access.size == 4, offset & 3 == 0 else { return writeLanes(access, value) }
    writeRegister(offset, UInt32(truncatingIfNeeded: value))
  }

  func readMemory(_ access: Access) -> UInt64 {
    let offset = Int(access.offset)
    guard access.size == 4, offset & 3 == 0 else { return readLanes(access) }
    return UInt64(readRegister(offset))
  }

  public override func alarmRang() {
    ring()
  }

  public override var watches: [Watch] {
    [
      Watch(
        descriptor: { [unowned self] in
          exclusively {
            isUnwatched = isDeaf
            return isDeaf ? -1 : backend.descriptor ?? -1
          }
        },
        serve: { [unowned self] in poll() })
    ]
  }

  public override var counters: DeviceCounters {
    var packets = packets
    packets.dropped &+= backend.dropped
    packets.lost = backend.lost
    packets.corrupt = backend.corrupt
    return DeviceCounters(kicks: kicks, interrupts: function.interrupts, packets: packets)
  }

  /// Moves frames that wait in the back end into the receive ring. For the thread that learns of new frames;
  /// it waits for a vCPU in the device.
  public func poll() {
    exclusively { raise(receive()) }
  }

  public func busMasteringBegan() {
    startTransmitter()
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
    checksumContext = TransmitContext()
    segmentContext = TransmitContext()
    forgetFrame()
    arrival.isWaitCounted = false
    // A frame of the wire's waits for the next driver, but none that this one has sent to itself.
    if arrival.isOwn {
      packets.dropped &+= 1
      arrival = Arrival()
    }
    schedule = Schedule()
    interrupt.set(false)
    renegotiateLink()
  }

  /// The station's address comes from the EEPROM after each reset (section 13.5.3).
  private func loadAddress() {
    let (low, middle, high) = mac.words
    registers[Offset.ral0] = UInt32(low) | UInt32(middle) << 16
    registers[Offset.rah0] = UInt32(high) | AddressFilter.valid
  }
}
