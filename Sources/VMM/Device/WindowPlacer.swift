/// Moves the movable windows of devices while the guest runs: injected, so that the PCI bus knows no KVM and its test
/// sees what was moved.
///
/// Called by any thread, whose gates may be closed; it waits for no device.
open class WindowPlacer: @unchecked Sendable {
  public init() {}

  /// Lets window `index` of `device`, a movable one, lie at `base`, nil for nowhere.
  ///
  /// Where it then covers what has precedence (RAM and KVM's own devices, fixed windows, movable windows of devices that
  /// come before), it answers nowhere, until that is gone. Nothing happens on its own.
  ///
  /// - Returns: what is wrong with it, one line each.
  open func place(_ index: Int, of device: Device, at base: UInt64?) -> [String] { [] }
}
