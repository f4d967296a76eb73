import VMM

/// MSI of a function with one message and no mask (PCI 3.0, section 6.8.1): what its pin would have told, as a write to
/// memory.
///
/// Called with the device's gate closed. The message goes out when the pin's level rises, or when a level that is up may
/// be told at last: MSI is off at first, and a function that is no bus master writes to no memory (section 6.2.2).
public final class MSI: @unchecked Sendable {
  /// Takes a line for the report; set by the device.
  public var onFault: (String) -> Void = { _ in }
  private let message: MessageInterrupt
  private var level = false
  private var maySend = false
  private var isTold = false

  /// - Parameter message: what the guest programs.
  public init(_ message: MessageInterrupt) {
    self.message = message
  }

  /// How many messages were sent.
  public var sent: UInt64 { message.sent }

  /// Offsets in the capability (PCI 3.0, figure 6-9, with 64 bits of address).
  enum Offset {
    static let control = 2
    static let address = 4
    static let data = 12
    static let end = 14
  }

  /// Bits of the message control register (section 6.8.1.3).
  enum Control {
    static let enable: UInt16 = 1 << 0
    static let is64Bit: UInt16 = 1 << 7
  }

  /// In configuration space. The address is that of a double word; Multiple Message Enable has nothing to choose from.
  static let capability = PCICapability(
    id: PCICapability.msi, body: [UInt8(Control.is64Bit)] + [UInt8](repeating: 0, count: 11),
    writable: [UInt8(Control.enable), 0, 0xfc] + [UInt8](repeating: 0xff, count: 9))

  /// Takes the message, nil while MSI is off, and whether the function may write to memory at all.
  func set(_ chosen: MessageInterrupt.Message?, isBusMaster: Bool) {
    if let chosen {
      do { try message.route(chosen) } catch { onFault("MSI: \(error)") }
    }
    maySend = chosen != nil && isBusMaster
    tell()
  }

  /// Takes the level of the pin.
  func follow(_ level: Bool) {
    self.level = level
    tell()
  }

  private func tell() {
    let wasTold = isTold
    isTold = level && maySend
    if isTold && !wasTold { message.send() }
  }
}
