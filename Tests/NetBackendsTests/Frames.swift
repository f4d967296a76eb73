import NetBackends
import VMM

/// A frame with recognisable addresses and a payload that depends on its number.
func makeFrame(_ sequence: UInt64, length: Int) -> HostBuffer {
  let frame = HostBuffer(count: length)
  for offset in 0..<12 { frame.view.store(UInt8(0xa0 + offset), at: offset) }
  for offset in FrameFormat.payloadOffset..<length {
    frame.view.store(UInt8(truncatingIfNeeded: offset &* 31 &+ Int(truncatingIfNeeded: sequence)), at: offset)
  }
  FrameFormat.seal(frame.view, sequence: sequence)
  return frame
}

/// The same as bytes.
func frameBytes(_ sequence: UInt64, length: Int) -> [UInt8] {
  let frame = makeFrame(sequence, length: length)
  defer { extendLifetime(frame) }
  return frame.view.bytes
}

extension NetBackend {
  /// Sends the frame with the number given.
  func transmit(_ sequence: UInt64, length: Int = 64) {
    let frame = makeFrame(sequence, length: length)
    transmit(frame.view)
    extendLifetime(frame)
  }

  /// Sends `length` zeros.
  func transmitZeros(_ length: Int) {
    let space = HostBuffer(count: length + 1)
    transmit(space.view.slice(0, length)!)
  }
}

extension NetBackend {
  /// Takes the next frame, into buffers of these lengths; no bytes where there is none.
  func take(cut: [Int]) -> [UInt8] {
    guard let length = nextLength else { return [] }
    let space = HostBuffer(count: NetBackend.longestFrame * 2)
    var offset = 0
    let views = cut.map { count in
      defer { offset += count }
      return space.view.slice(offset, count)!
    }
    receive(into: views.span)
    defer { extendLifetime(space) }
    return Array(space.view.bytes[0..<length])
  }
}
