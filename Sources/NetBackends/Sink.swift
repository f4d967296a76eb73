import VMM

/// Checks each frame and keeps none: the far end for measuring transmission.
public final class Sink: NetBackend, @unchecked Sendable {
  private var check = FrameCheck()

  public init() {
    super.init(name: "sink")
  }

  public override func transmit(_ frame: MemoryView) {
    check.take(frame)
  }

  public override var lost: UInt64 { check.lost }
  public override var corrupt: UInt64 { check.corrupt }
}
