import VMM

/// The debug console of Bochs and QEMU: each byte written to port 0xe9 is printed, and a read of 0xe9 tells a
/// guest that it is there.
public final class DebugConsole: Device, @unchecked Sendable {
  private let output: @Sendable (UInt8) -> Void

  /// - Parameter output: takes each byte, in the device's gate: while it waits, nobody else is let into the device.
  public init(output: @escaping @Sendable (UInt8) -> Void) {
    self.output = output
    super.init(
      name: "debugcon",
      windows: [Window(.port, base: 0xe9, count: 1, registers: RegisterMap([Register("DATA", at: 0)]))])
  }

  /// 0xe9 at the port; the bytes of a wider read are of the ports beside it, where nobody answers.
  public override func read(_ access: Access) -> UInt64 {
    access.offset == 0 ? access.ones & ~0xff | 0xe9 : access.ones
  }

  /// Prints every byte of a wider write, the lowest first, so that a guest has two or four for one exit.
  public override func write(_ access: Access, _ value: UInt64) {
    for byte in 0..<min(8, UInt64(access.size)) {
      output(UInt8(truncatingIfNeeded: value &>> (8 &* byte)))
    }
  }
}
