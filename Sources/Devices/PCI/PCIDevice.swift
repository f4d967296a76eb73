import VMM

/// A device on the PCI bus: beside its windows it has a function's configuration space.
///
/// All of this is called with the device's gate closed.
public protocol PCIDevice: Device {
  var function: PCIFunction { get }

  /// The guest lets the device reach memory from now on: what waited for that may go on.
  func busMasteringBegan()

  /// Answers a read of the live bytes of a capability, by their offset in configuration space.
  func readLive(_ offset: Int, size: Int) -> UInt32

  /// The live bytes of a capability were written.
  func liveWritten()
}

extension PCIDevice {
  public func busMasteringBegan() {}

  public func readLive(_ offset: Int, size: Int) -> UInt32 { function.read(offset, size: size) }

  public func liveWritten() {}
}
