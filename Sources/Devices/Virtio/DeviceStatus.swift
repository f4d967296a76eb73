/// The device status field (virtio 1.2, section 2.1).
public struct DeviceStatus: OptionSet, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let acknowledge = DeviceStatus(rawValue: 1)
  public static let driver = DeviceStatus(rawValue: 2)
  public static let driverOK = DeviceStatus(rawValue: 4)
  public static let featuresOK = DeviceStatus(rawValue: 8)
  /// Set by the device, never by the driver.
  public static let needsReset = DeviceStatus(rawValue: 64)
  public static let failed = DeviceStatus(rawValue: 128)

  /// The steps of a driver in the order of section 3.1.1, from the status before to the one written. Beside
  /// them it may give up (FAILED) in any state, and repeat what is there.
  private static let steps: [(from: DeviceStatus, to: DeviceStatus)] = [
    ([], [.acknowledge]),
    // Small drivers write the first two bits at once: nothing lies between them.
    ([], [.acknowledge, .driver]),
    ([.acknowledge], [.acknowledge, .driver]),
    ([.acknowledge, .driver], [.acknowledge, .driver, .featuresOK]),
    ([.acknowledge, .driver, .featuresOK], [.acknowledge, .driver, .featuresOK, .driverOK]),
    // Older iPXE (virtnet_open_modern) acknowledges a device once, and not again after each reset.
    ([], [.featuresOK]),
    ([.featuresOK], [.featuresOK, .driverOK]),
  ]

  /// Whether a driver may write `next`, which is not 0, in this state. DEVICE_NEEDS_RESET stands apart: a driver
  /// neither sets nor clears it, though its read-modify-write may carry it.
  func allows(_ next: DeviceStatus) -> Bool {
    let from = subtracting(.needsReset)
    let to = next.subtracting(.needsReset)
    if to == from { return true }
    if from.contains(.failed) { return false }
    if to == from.union(.failed) { return true }
    return Self.steps.contains { $0.from == from && $0.to == to }
  }
}
