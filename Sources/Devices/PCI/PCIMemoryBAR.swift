/// A base address register of a function: a window of 32-bit memory space, and where the VMM put it.
///
/// The VMM plays the firmware's part: it assigns addresses before the guest starts, and the device answers there.
public struct PCIMemoryBAR: Equatable, Sendable {
  /// Which of the six registers, 0–5 (PCI 3.0, section 6.2.5.1).
  public let index: Int
  /// The address assigned, a multiple of ``size``.
  public let address: UInt32
  /// Length of the window in bytes: a power of two, 16 to 2 GiB.
  public let size: UInt32

  public init(index: Int, address: UInt32, size: UInt32) {
    precondition((0..<6).contains(index) && size >= 16 && size.nonzeroBitCount == 1)
    precondition(address & (size - 1) == 0)
    self.index = index
    self.address = address
    self.size = size
  }

  /// Where the register lies in configuration space.
  var offset: Int { Configuration.baseAddress0 + 4 * index }
  /// The bits that a guest may write. Those below the size are wired to zero, which is how a guest that writes
  /// all ones learns the size (PCI 3.0, section 6.2.5.1).
  var writable: UInt32 { ~(size - 1) }
}
