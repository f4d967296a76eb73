import VMM

/// The port by which a guest brackets the work that is to be measured: 1 begins the window, 0 ends it.
public final class Marker: Device, @unchecked Sendable {
  private let onMark: @Sendable (Bool) -> Void

  /// - Parameter onMark: told true for the beginning and false for the end, in the device's gate. The guest
  ///   may repeat either.
  public init(onMark: @escaping @Sendable (Bool) -> Void) {
    self.onMark = onMark
    super.init(
      name: "marker",
      windows: [Window(.port, base: 0x5f8, count: 1, registers: RegisterMap([Register("MARK", at: 0)]))])
  }

  public override func write(_ access: Access, _ value: UInt64) {
    switch value {
    case 0: onMark(false)
    case 1: onMark(true)
    default: fault("write of \(value) to port 0x5f8: a mark is 1 or 0")
    }
  }
}
