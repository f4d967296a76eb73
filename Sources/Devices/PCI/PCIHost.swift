import VMM

/// The host bridge and its bus 0, reached by configuration mechanism #1: an address in one port, data in
/// another (PCI 3.0, section 3.2.2.3.2).
///
/// Where no function is attached, reads give all ones and writes are lost, as the bus does it when nobody
/// claims a configuration cycle.
public final class PCIHost: Device, @unchecked Sendable {
  /// Numbers of devices on bus 0.
  public static let deviceCount = 32

  private static let registers = RegisterMap(
    granule: 4,
    [Register("CONFIG_ADDRESS", at: 0, count: 4), Register("CONFIG_DATA", at: 4, count: 4)])
  /// Enable, bus, device, function and register; the rest is reserved and reads zero.
  private static let addressWritable: UInt32 = 0x80ff_fffc

  private var address: UInt32 = 0
  private var functions: [PCIFunction?]
  /// One bit for each device whose base address the guest has moved, so that it is said once.
  private var moved: UInt32 = 0

  /// A bus with its host bridge, an Intel 440FX, at 00:00.0.
  public init() {
    functions = Array(repeating: nil, count: Self.deviceCount)
    super.init(
      name: "pci", windows: [Window(.port, base: 0xcf8, count: 8, registers: Self.registers)])
    attach(
      PCIFunction(
        name: "host-bridge", vendor: 0x8086, device: 0x1237, revision: 2, classCode: 0x06_00_00),
      device: 0)
  }

  /// Puts `function` on bus 0 as function 0 of `device`, 0–31, which is free. Before the guest starts.
  public func attach(_ function: PCIFunction, device: Int) {
    precondition(functions[device] == nil, "two functions at one place")
    functions[device] = function
  }

  public override func read(_ access: Access) -> UInt64 {
    if access.offset == 0 && access.size == 4 { return UInt64(address) }
    guard let (function, offset) = target(of: access) else { return access.ones }
    return UInt64(function.read(offset, size: Int(access.size)))
  }

  public override func write(_ access: Access, _ value: UInt64) {
    let value = UInt32(truncatingIfNeeded: value)
    if access.offset == 0 && access.size == 4 {
      address = value & Self.addressWritable
      return
    }
    guard let (function, offset) = target(of: access) else { return }
    function.write(offset, size: Int(access.size), value)
    if (Configuration.command..<Configuration.baseAddressEnd).contains(offset) { noteMoves(of: function) }
  }

  private var device: Int { Int(address &>> 11 & 0x1f) }

  /// The function and the offset that an access to CONFIG_DATA means, nil where nobody answers. CONFIG_ADDRESS
  /// takes whole double words only, narrower accesses to it belong to nobody (PCI 3.0, section 3.2.2.3.2).
  private func target(of access: Access) -> (PCIFunction, Int)? {
    let lane = Int(access.offset) - 4
    guard lane >= 0, lane + Int(access.size) <= 4 else { return nil }
    let isFunction0OfBus0 = address & 0x00ff_0700 == 0
    guard address & 0x8000_0000 != 0, isFunction0OfBus0, let function = functions[device] else { return nil }
    return (function, Int(address & 0xfc) + lane)
  }

  /// A window stays where the VMM put it: the bus is told its addresses before the guest starts.
  private func noteMoves(of function: PCIFunction) {
    for bar in function.bars {
      guard let address = function.programmedAddress(of: bar), address != bar.address else { continue }
      let bit: UInt32 = 1 &<< UInt32(device)
      guard moved & bit == 0 else { return }
      moved |= bit
      let (old, new) = (hex(bar.address), hex(address))
      fault("\(function.name): BAR\(bar.index) moved from \(old) to \(new); it still answers at \(old)")
    }
  }
}
