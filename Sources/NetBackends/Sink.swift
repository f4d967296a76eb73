import VMM

/// Checks each frame and keeps none: the far end for measuring transmission. Large frames are checked as they come.
public final class Sink: NetBackend, @unchecked Sendable {
  private var check = FrameCheck()
  private let space = HostBuffer(count: NetBackend.longestFrame)

  public init() {
    super.init(name: "sink")
  }

  public override var accepts: Offloads { .all }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    check.take(frame.gathered(into: space.view), offload)
  }

  public override var lost: UInt64 { check.lost }
  public override var corrupt: UInt64 { check.corrupt }
}
