import VMM

/// Checks each frame and keeps none: the far end for measuring transmission.
public final class Sink: NetBackend, @unchecked Sendable {
  private var check = FrameCheck()
  private let space = HostBuffer(count: 1 << 16)

  public init() {
    super.init(name: "sink")
  }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    check.take(frame.gathered(into: space.view))
  }

  public override var lost: UInt64 { check.lost }
  public override var corrupt: UInt64 { check.corrupt }
}
