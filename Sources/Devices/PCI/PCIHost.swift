import VMM

/// The host bridge and its bus 0, reached in two ways: by configuration mechanism #1, an address in one port, data in
/// another (PCI 3.0, section 3.2.2.3.2), and through a window of memory in which each function has 4 KiB (ECAM, PCI
/// Express 3.0, section 7.2.2).
///
/// Where no function is attached, reads give all ones and writes are lost, as the bus does it when nobody
/// claims a configuration cycle.
public final class PCIHost: Device, @unchecked Sendable {
  /// Numbers of devices on bus 0.
  public static let deviceCount = 32
  /// Where the window of memory lies, 1 MiB for the one bus.
  public static let memoryBase: GuestAddress = 0xe000_0000
  private static let memoryCount: UInt64 = 1 << 20

  private static let registers = RegisterMap(
    granule: 4,
    [Register("CONFIG_ADDRESS", at: 0, count: 4), Register("CONFIG_DATA", at: 4, count: 4)])
  /// For each device the 32 KiB of its eight functions, by its number as people write it.
  private static let memoryRegisters = RegisterMap(
    granule: 1 << 15,
    (0..<deviceCount).map { device in
      Register("00:" + (device < 16 ? "0" : "") + String(device, radix: 16), at: device << 15, count: 1 << 15)
    })
  /// Enable, bus, device, function and register; the rest is reserved and reads zero.
  private static let addressWritable: UInt32 = 0x80ff_fffc

  /// A function on the bus.
  private struct Slot {
    let function: PCIFunction
    /// Nil for one that nobody drives.
    let device: (any PCIDevice)?
    /// Where each of its windows was put.
    var places: [UInt64?]
  }

  private let placer: WindowPlacer
  private var address: UInt32 = 0
  private var slots: [Slot?]

  /// A bus with its host bridge, an Intel 440FX, at 00:00.0.
  ///
  /// - Parameter placer: moves the windows of the devices.
  public init(placer: WindowPlacer = WindowPlacer()) {
    self.placer = placer
    slots = Array(repeating: nil, count: Self.deviceCount)
    super.init(
      name: "pci",
      windows: [
        Window(.port, base: 0xcf8, count: 8, registers: Self.registers),
        Window(.memory, base: Self.memoryBase, count: Self.memoryCount, registers: Self.memoryRegisters),
      ])
    attach(
      PCIFunction(name: "host-bridge", vendor: 0x8086, device: 0x1237, revision: 2, classCode: 0x06_00_00),
      of: nil, at: 0)
  }

  /// Puts a device on bus 0 as function 0 of device `number`, 0–31, which is free. Before the guest starts.
  public func attach(_ device: any PCIDevice, at number: Int) {
    attach(device.function, of: device, at: number)
  }

  /// The devices that interrupt by INTA#, and the interrupt controller's pin that it leads to. Before the guest starts.
  public var interrupts: [(device: Int, pin: Int)] {
    slots.enumerated().compactMap { number, slot in
      slot?.function.interruptLine.map { (number, Int($0)) }
    }
  }

  func attach(_ function: PCIFunction, of device: (any PCIDevice)?, at number: Int) {
    precondition(slots[number] == nil, "two functions at one place")
    slots[number] = Slot(function: function, device: device, places: function.bars.map(\.address))
  }

  // MARK: Ways to configuration space

  public override func read(_ access: Access) -> UInt64 {
    if access.window == 0 && access.offset == 0 && access.size == 4 { return UInt64(address) }
    guard let (number, offset) = target(of: access) else { return access.ones }
    return UInt64(read(number, offset, size: Int(access.size)))
  }

  public override func write(_ access: Access, _ value: UInt64) {
    let value = UInt32(truncatingIfNeeded: value)
    if access.window == 0 && access.offset == 0 && access.size == 4 {
      address = value & Self.addressWritable
      return
    }
    guard let (number, offset) = target(of: access) else { return }
    write(number, offset, size: Int(access.size), value)
  }

  /// The device number and the offset that an access means, nil where nobody answers.
  private func target(of access: Access) -> (Int, Int)? {
    access.window == 0 ? portTarget(access) : memoryTarget(access)
  }

  /// CONFIG_ADDRESS takes whole double words only, narrower accesses to it belong to nobody (PCI 3.0, section
  /// 3.2.2.3.2).
  private func portTarget(_ access: Access) -> (Int, Int)? {
    let lane = Int(access.offset) - 4
    guard lane >= 0, lane + Int(access.size) <= 4 else { return nil }
    let isFunction0OfBus0 = address & 0x00ff_0700 == 0
    let number = Int(address &>> 11 & 0x1f)
    guard address & 0x8000_0000 != 0, isFunction0OfBus0, slots[number] != nil else { return nil }
    return (number, Int(address & 0xfc) + lane)
  }

  /// Device in bits 15–19, function in 12–14, register in 0–11; an access stays within a double word.
  private func memoryTarget(_ access: Access) -> (Int, Int)? {
    let offset = Int(access.offset)
    let number = offset >> 15
    guard offset & 3 + Int(access.size) <= 4, offset & 0x7000 == 0, number < slots.count, slots[number] != nil
    else { return nil }
    return (number, offset & 0xfff)
  }

  // MARK: Configuration space

  private func read(_ number: Int, _ offset: Int, size: Int) -> UInt32 {
    guard let slot = slots[number] else { return ~0 }
    if let device = slot.device, let live = slot.function.live, live.overlaps(offset..<(offset + size)) {
      return device.exclusively { device.readLive(offset, size: size) }
    }
    return slot.function.read(offset, size: size)
  }

  /// The device's gate is closed inside ours, never the other way round.
  private func write(_ number: Int, _ offset: Int, size: Int, _ value: UInt32) {
    guard let slot = slots[number] else { return }
    let function = slot.function
    let wasBusMaster = function.isBusMaster
    function.write(offset, size: size, value)
    let range = offset..<(offset + size)
    if range.overlaps(Configuration.command..<Configuration.baseAddressEnd) { move(number) }
    let concernsInterrupts = function.concernsInterrupts(offset, size: size)
    let isLive = function.live?.overlaps(range) ?? false
    guard let device = slot.device, concernsInterrupts || isLive else { return }
    device.exclusively {
      if concernsInterrupts { function.settleInterrupts() }
      if function.isBusMaster && !wasBusMaster { device.busMasteringBegan() }
      if isLive { device.liveWritten() }
    }
  }

  /// Puts the windows of a device where its base address registers say.
  private func move(_ number: Int) {
    guard let slot = slots[number], let device = slot.device else { return }
    for (index, bar) in slot.function.bars.enumerated() {
      let place = slot.function.place(of: bar)
      guard place != slot.places[index] else { continue }
      slots[number]?.places[index] = place
      for line in placer.place(bar.window, of: device, at: place) { fault("BAR\(bar.index): \(line)") }
    }
  }
}
