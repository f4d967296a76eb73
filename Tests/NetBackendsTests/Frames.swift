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

extension NetBackend {
  /// Sends the frame with the number given.
  func transmit(_ sequence: UInt64, length: Int = 64) {
    let frame = makeFrame(sequence, length: length)
    transmit(frame.view)
  }

  /// Sends `length` zeros.
  func transmitZeros(_ length: Int) {
    let space = HostBuffer(count: length + 1)
    transmit(space.view.slice(0, length)!)
  }
}
