import NetBackends
import Testing
import VMM

@Suite("The sink")
struct SinkTests {
  private let sink = Sink()

  private func send(_ sequences: UInt64...) {
    for sequence in sequences { sink.transmit(sequence) }
  }

  @Test("frames in order are neither lost nor corrupt")
  func order() {
    for sequence in 0..<1000 { send(UInt64(sequence)) }
    #expect(sink.lost == 0)
    #expect(sink.corrupt == 0)
    #expect(sink.nextLength == nil)
  }

  @Test("a gap counts as many as are missing, also before the first frame")
  func gap() {
    send(2, 3, 10, 11)
    #expect(sink.lost == 8)
    #expect(sink.corrupt == 0)
  }

  @Test("a number seen before, or below one, is corrupt and moves nothing")
  func backwards() {
    send(0, 1, 2, 2, 0, 3)
    #expect(sink.corrupt == 2)
    #expect(sink.lost == 0)
  }

  @Test("a frame that does not prove itself is corrupt, and its number is missing")
  func damaged() {
    send(0)
    let frame = makeFrame(1, length: 64)
    frame.view.store(UInt8(1), at: 40)
    sink.transmit(frame.view)
    send(2)
    #expect(sink.corrupt == 1)
    #expect(sink.lost == 1)
  }

  @Test("behind the greatest number comes 0: nothing traps")
  func extreme() {
    send(.max, 0, 1)
    #expect(sink.lost == .max)
    #expect(sink.corrupt == 0)
    send(.max)
    #expect(sink.lost == UInt64.max &+ (UInt64.max - 2))
  }

  @Test("frames of any length are taken, down to none", arguments: [0, 1, 12, 13, 14, 59, 1513, 65535])
  func lengths(_ length: Int) {
    sink.transmitZeros(length)
    #expect(sink.corrupt == 1)
    #expect(sink.lost == 0)
  }
}
