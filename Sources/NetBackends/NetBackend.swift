import VMM

/// The far end of a NIC's wire: takes the frames that the guest sends and has frames for it.
///
/// Called by the NIC, with the NIC's gate closed, so by one thread at a time. Frames are whole Ethernet frames
/// without FCS. A frame's bytes may be guest memory: they can change while they are read.
open class NetBackend: @unchecked Sendable {
  /// The name in the report and on the command line.
  public final let name: String

  public init(name: String) {
    self.name = name
  }

  /// Takes one frame. `frame` is valid during the call only.
  open func transmit(_ frame: MemoryView) {}

  /// The length in bytes of the next frame for the guest, nil where there is none.
  open var nextLength: Int? { nil }

  /// Copies the next frame into `buffers`, filling one after the other, and forgets it. Their lengths together
  /// are at least ``nextLength``.
  open func receive(into buffers: borrowing Span<MemoryView>) {}

  /// Forgets the next frame, which the NIC has no room for. The NIC counts it.
  open func dropNext() {}

  /// Frames missing from the sequence seen so far.
  open var lost: UInt64 { 0 }
  /// Frames seen with a wrong checksum, length or order.
  open var corrupt: UInt64 { 0 }
}
