import VMM

/// The far end of a NIC's wire: takes the frames that the guest sends and has frames for it.
///
/// Called by the NIC, with the NIC's gate closed, so by one thread at a time. Frames are whole Ethernet frames
/// without FCS. A frame's bytes may be guest memory: they can change while they are read.
open class NetBackend: @unchecked Sendable {
  /// The longest frame in bytes, and so the largest number of ``nextLength`` (virtio 1.2, section 5.1.6.3.1).
  public static let longestFrame = 65550

  /// The name in the report and on the command line.
  public final let name: String
  /// Takes a line of the report: what went wrong on this side, once for each trouble and not for each frame. Set by the
  /// NIC.
  public final var onFault: @Sendable (String) -> Void = { _ in }

  public init(name: String) {
    self.name = name
  }

  // MARK: From the guest

  /// Work that ``transmit(_:_:)`` takes undone; the NIC does all other before (``Segmenter``).
  open var accepts: Offloads { [] }

  /// Takes one frame, of pieces that follow each other. They are valid during the call only.
  ///
  /// - Parameter offload: what is still to be done to the frame; its ``Offload/needs`` are within ``accepts``.
  open func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {}

  /// The NIC has no more frames at the moment: whatever waits to go out in one piece goes now.
  open func flush() {}

  // MARK: For the guest

  /// Work that the guest's driver takes undone; the NIC says so whenever that changes. Frames of
  /// ``receive(into:)`` need no other.
  open func guestAccepts(_ offloads: Offloads) {}

  /// The length in bytes of the next frame for the guest, nil where there is none now.
  open var nextLength: Int? { nil }

  /// What is still to be done to the next frame.
  open var nextOffload: Offload { .none }

  /// Copies the next frame into `buffers`, filling one after the other, and forgets it. Their lengths together
  /// are at least ``nextLength``.
  open func receive(into buffers: borrowing Span<MemoryView>) {}

  /// Forgets the next frame, which the NIC has no room for. The NIC counts it.
  open func dropNext() {}

  /// For poll(2): readable when ``nextLength`` may have turned from nil to a number without a call of ours; nil for a back
  /// end that does nothing on its own. Asked anew before each wait: it may change, and be nil for a while.
  open var descriptor: Int32? { nil }

  // MARK: What was seen

  /// Frames missing from the sequence seen so far.
  open var lost: UInt64 { 0 }
  /// Frames seen with a wrong checksum, length or order.
  open var corrupt: UInt64 { 0 }
  /// Frames that this side took and could not pass on: the guest's, and those for it that it accepts no longer.
  open var dropped: UInt64 { 0 }
}

extension NetBackend {
  /// Takes one frame in one piece, to which nothing is to be done.
  public final func transmit(_ frame: MemoryView) {
    let pieces: InlineArray<1, MemoryView> = [frame]
    transmit(pieces.span, .none)
  }
}

extension Span<MemoryView> {
  /// The bytes of all pieces together.
  @inlinable
  public var byteCount: Int {
    var count = 0
    for index in indices { count += self[index].count }
    return count
  }

  /// The whole in one piece: where it lies if that is one, else copied into `space`, as far as there is room.
  @inlinable
  public func gathered(into space: MemoryView) -> MemoryView {
    if count == 1 { return self[0] }
    var offset = 0
    for index in indices {
      let step = Swift.min(self[index].count, space.count - offset)
      space.copy(from: self[index].slice(0, step)!, at: offset)
      offset += step
    }
    return space.slice(0, offset)!
  }
}
