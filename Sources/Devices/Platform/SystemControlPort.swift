import VMM

/// System control port A of the PS/2, port 0x92: the fast way to a reset and to gate A20.
///
/// A20 is always open here; its bit is kept for the guest that reads back what it wrote.
public final class SystemControlPort: ByteDevice, @unchecked Sendable {
  private static let reset: UInt8 = 0x01
  private static let gateA20: UInt8 = 0x02

  private let control: MachineControl
  private var value = SystemControlPort.gateA20

  public init(control: MachineControl) {
    self.control = control
    super.init(
      name: "port92",
      windows: [Window(.port, base: 0x92, count: 1, registers: RegisterMap([Register("PORT_A", at: 0)]))])
  }

  public override func readByte(window: UInt8, at offset: Int) -> UInt8 {
    offset == 0 ? value : 0xff
  }

  public override func writeByte(_ value: UInt8, window: UInt8, at offset: Int) {
    guard offset == 0 else { return }
    self.value = value
    if value & Self.reset != 0 { control.stop(.reset) }
  }
}
