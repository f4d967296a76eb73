import VMM

/// The port by which a guest ends the run with a status of its own.
public final class DebugExit: Device, @unchecked Sendable {
  /// The largest status that is the guest's; the next ones are the VMM's own.
  public static let largestStatus: UInt8 = 31

  private let control: MachineControl

  public init(control: MachineControl) {
    self.control = control
    super.init(
      name: "debug-exit",
      windows: [Window(.port, base: 0xf4, count: 1, registers: RegisterMap([Register("STATUS", at: 0)]))])
  }

  /// Ends the run with `value`, or with the largest status and a fault where the value is larger.
  public override func write(_ access: Access, _ value: UInt64) {
    if value > UInt64(Self.largestStatus) {
      fault("write of \(value) to port 0xf4: a status is 0 to \(Self.largestStatus), taken as that")
    }
    control.stop(.exited(status: UInt8(min(value, UInt64(Self.largestStatus)))))
  }
}
