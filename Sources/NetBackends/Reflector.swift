import VMM

/// Sends each frame back with destination and source exchanged.
///
/// Frames wait in a queue of fixed size for the guest to take them. One that finds the queue full is dropped and
/// counts as lost, as do the numbers missing from the sequence. All frames are checked like ``Sink`` does, and
/// also those that do not prove themselves are returned, for a wire does not look; only what no slot can hold
/// is not, and what has no two addresses to exchange.
public final class Reflector: NetBackend, @unchecked Sendable {
  /// Frames that can wait.
  public static let capacity = 4096
  /// Lengths in bytes of the frames that are returned.
  public static let lengths = 14...(slotCount - slotHeader)

  /// Each slot begins with the frame's length in 8 bytes, so that the frame is aligned as well.
  private static let slotCount = 2048
  private static let slotHeader = 8
  /// Destination and source address lie at the frame's beginning.
  private static let addressCount = 6

  private let space = HostBuffer(count: 1 << 16)
  private let slots = HostBuffer(count: capacity * slotCount)
  private var first = 0
  private var waiting = 0
  private var check = FrameCheck()
  private var overflowed: UInt64 = 0

  public init() {
    super.init(name: "reflector")
  }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    let frame = frame.gathered(into: space.view)
    check.take(frame)
    guard Self.lengths.contains(frame.count) else { return }
    guard waiting < Self.capacity else {
      overflowed &+= 1
      return
    }
    let slot = slot((first + waiting) % Self.capacity)
    slot.store(UInt64(frame.count), at: 0)
    slot.copy(from: frame, at: Self.slotHeader)
    exchangeAddresses(slot.slice(Self.slotHeader, 2 * Self.addressCount)!)
    waiting += 1
  }

  public override var nextLength: Int? { waiting > 0 ? next.count : nil }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    guard waiting > 0 else { return }
    let frame = next
    var offset = 0
    for index in buffers.indices where offset < frame.count {
      let step = min(buffers[index].count, frame.count - offset)
      buffers[index].copy(from: frame.slice(offset, step)!)
      offset += step
    }
    dropNext()
  }

  public override func dropNext() {
    guard waiting > 0 else { return }
    first = (first + 1) % Self.capacity
    waiting -= 1
  }

  public override var lost: UInt64 { check.lost &+ overflowed }
  public override var corrupt: UInt64 { check.corrupt }

  private var next: MemoryView {
    let slot = slot(first)
    return slot.slice(Self.slotHeader, Int(slot.load(UInt64.self, at: 0)))!
  }

  private func slot(_ index: Int) -> MemoryView {
    slots.view.slice(index * Self.slotCount, Self.slotCount)!
  }

  private func exchangeAddresses(_ addresses: MemoryView) {
    let destination: (UInt32, UInt16) = (addresses.load(at: 0), addresses.load(at: 4))
    let source: (UInt32, UInt16) = (addresses.load(at: 6), addresses.load(at: 10))
    addresses.store(source.0, at: 0)
    addresses.store(source.1, at: 4)
    addresses.store(destination.0, at: 6)
    addresses.store(destination.1, at: 10)
  }
}
