import VMM

/// Always has the next frame for the guest, until it has given out as many as asked for; checks what the guest sends
/// like ``Sink`` does. The far end for measuring reception.
public final class Source: NetBackend, @unchecked Sendable {
  /// What ``isSize(_:)`` takes, in words.
  public static let sizesText =
    "60 to 1514, or up to 65214 bytes that are a multiple of 4 behind 54 of headers"

  /// Lengths in bytes of the frames that it can make: small ones, and behind 1514 those of a stream.
  public static func isSize(_ size: Int) -> Bool {
    let payload = size - StreamFormat.headerCount
    return FrameFormat.lengths.contains(size)
      || size > FrameFormat.lengths.upperBound && payload <= StreamFormat.longestPayload && payload & 3 == 0
  }

  private let size: Int
  private let isStream: Bool
  private let frames: UInt64
  private let frame = HostBuffer(count: NetBackend.longestFrame)
  private let space = HostBuffer(count: NetBackend.longestFrame)
  private var given: UInt64 = 0
  private var position: UInt32 = 0
  private var accepted: Offloads = []
  private var check = FrameCheck()

  /// - Parameters:
  ///   - size: one that ``isSize(_:)`` takes. Above 1514: whole large frames where the guest accepts them, else their
  ///     segments.
  ///   - frames: how many to give out, 0 for no end.
  ///   - station: six bytes, the guest's address.
  public init(size: Int, frames: UInt64, station: [UInt8]) {
    precondition(Self.isSize(size) && station.count == 6)
    self.size = size
    self.frames = frames
    isStream = size > FrameFormat.lengths.upperBound
    // From a locally administered address.
    frame.view.copy(from: station + [2, 0, 0, 0, 0, 2])
    super.init(name: "source")
  }

  public override var accepts: Offloads { .all }

  public override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    check.take(frame.gathered(into: space.view), offload)
  }

  public override func guestAccepts(_ offloads: Offloads) {
    accepted = offloads
  }

  public override var nextLength: Int? {
    guard frames == 0 || given < frames else { return nil }
    return !isStream || isWhole ? size : StreamFormat.headerCount + StreamFormat.segmentSize
  }

  public override var nextOffload: Offload { isWhole ? StreamFormat.offload : .none }

  private var isWhole: Bool { isStream && StreamFormat.offload.needs.isSubset(of: accepted) }

  public override func receive(into buffers: borrowing Span<MemoryView>) {
    guard let length = nextLength else { return }
    let frame = frame.view.slice(0, length)!
    if isStream {
      StreamFormat.write(frame, position: position, isWhole: isWhole)
    } else {
      FrameFormat.seal(frame, sequence: given)
    }
    var cursor = PieceCursor()
    cursor.copy(frame, to: buffers)
    dropNext()
  }

  public override func dropNext() {
    guard let length = nextLength else { return }
    given &+= 1
    if isStream { position &+= UInt32(length - StreamFormat.headerCount) }
  }

  public override var lost: UInt64 { check.lost }
  public override var corrupt: UInt64 { check.corrupt }
}
