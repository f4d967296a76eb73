import NetBackends
import TestSupport
import Testing
import VMM

@Suite("The frames of a stream")
struct StreamFormatTests {
  private let space = HostBuffer(count: NetBackend.longestFrame)

  /// The next frame of a source, with what is to be done to it.
  private func next(_ source: Source) -> (MemoryView, Offload) {
    let length = source.nextLength!
    let offload = source.nextOffload
    let buffers: InlineArray<1, MemoryView> = [space.view]
    source.receive(into: buffers.span)
    return (space.view.slice(0, length)!, offload)
  }

  private func source(_ offloads: Offloads, size: Int = 65214, frames: UInt64 = 0) -> Source {
    let source = Source(size: size, frames: frames, station: [2, 0, 0, 0, 0, 9])
    source.guestAccepts(offloads)
    return source
  }

  @Test("a large frame has the fields of docs/guest-abi.md, written out apart from the code under test")
  func known() {
    let source = source([.checksum, .tcp4])
    _ = next(source)
    let (frame, offload) = next(source)
    let bytes = frame.bytes
    var expected: [UInt8] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 2, 8, 0]
    var ip: [UInt8] = [0x45, 0, 0xfe, 0xb0, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
    let sum = ~modelSum(ip[...])
    (ip[10], ip[11]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
    expected += ip
    let pseudo = modelSum(([10, 0, 0, 1, 10, 0, 0, 2, 0, 6] as [UInt8] + [0xfe, 0x9c])[...])
    expected += [0, 2, 0, 1, 0, 0, 0xfe, 0x88, 0, 0, 0, 0, 0x50, 0x10, 0xff, 0xff]
    expected += [UInt8(pseudo >> 8), UInt8(pseudo & 0xff), 0, 0]
    #expect(Array(bytes[0..<54]) == expected)
    for index in stride(from: 0, to: 65160, by: 4) {
      let word = (UInt64(0x6ac9_a9aa ^ UInt32((65160 + index) / 4)) * 0x9e37_79b1) & 0xffff_ffff
      guard frame.load(UInt32.self, at: 54 + index) == UInt32(word) else {
        Issue.record("word at \(index)")
        return
      }
    }
    #expect(offload == StreamFormat.offload)
    #expect((offload.segmentSize, offload.checksumStart, offload.checksumOffset) == (1448, 34, 16))
  }

  @Test(
    "what a source makes, a sink finds right: whole, in segments, cut by the segmenter, in pieces",
    arguments: [60, 61, 1514, 1518, 65214])
  func roundTrip(size: Int) throws {
    for offloads in [[], Offloads.all] {
      let (source, sink, cutSink) = (source(offloads, size: size), Sink(), Sink())
      for _ in 0..<20 {
        let (frame, offload) = next(source)
        let pieces = Pieces(frame.bytes, cut: [13, 0, 30, 12, 1])
        let views = pieces.views
        sink.transmit(views.span, offload)
        try Segmenter().complete(views.span, offload) { cutSink.transmit($0) }
        extendLifetime(pieces)
      }
      for sink in [sink, cutSink] { #expect((sink.lost, sink.corrupt) == (0, 0)) }
    }
  }

  @Test("any bit flipped behind the addresses is noticed, whole or not", arguments: [Offloads.all, []])
  func flipped(offloads: Offloads) {
    let (frame, offload) = next(source(offloads, size: 1518))
    // Of the fields of a whole frame that nobody looks at no sum is there yet.
    let unprotected = offload.needsChecksum ? [34...37, 42...49, 52...53] : []
    for bit in 96..<(frame.count * 8) where !unprotected.contains(where: { $0 ~= bit / 8 }) {
      let byte: UInt8 = frame.load(at: bit / 8)
      frame.store(byte ^ 1 << UInt8(bit % 8), at: bit / 8)
      if StreamFormat.payload(of: frame, offload) != nil { Issue.record("bit \(bit)") }
      frame.store(byte, at: bit / 8)
    }
  }

  @Test("a gap counts as one, whatever its size; what was there before is corrupt")
  func order() {
    let (source, sink) = (source([]), Sink())
    func pass() {
      let (frame, _) = next(source)
      sink.transmit(frame)
    }
    pass()
    source.dropNext()
    source.dropNext()
    pass()
    #expect((sink.lost, sink.corrupt) == (1, 0))
    sink.transmit(space.view.slice(0, 54 + 1448)!)
    #expect((sink.lost, sink.corrupt) == (1, 1))
    pass()
    #expect((sink.lost, sink.corrupt) == (1, 1))
  }

  @Test("a source ends after its frames, and numbers small ones from 0")
  func end() {
    let source = source([], size: 100, frames: 3)
    for number in 0..<3 { #expect(FrameFormat.sequence(of: next(source).0) == UInt64(number)) }
    #expect(source.nextLength == nil)
    source.dropNext()
    let views = [space.view]
    source.receive(into: views.span)
  }

  @Test("the reflector returns a large frame whole to who takes it, and in segments to who does not")
  func reflected() {
    for offloads in [Offloads.all, []] {
      let (source, reflector, sink) = (source(.all), Reflector(), Sink())
      reflector.guestAccepts(offloads)
      var returned = 0
      for _ in 0..<3 {
        let (frame, offload) = next(source)
        let pieces: InlineArray<1, MemoryView> = [frame]
        reflector.transmit(pieces.span, offload)
        while let length = reflector.nextLength {
          let offload = reflector.nextOffload
          let buffers = [space.view]
          reflector.receive(into: buffers.span)
          #expect(Array(space.view.bytes[0..<6]) == [2, 0, 0, 0, 0, 2])
          #expect(Array(space.view.bytes[26..<38]) == [10, 0, 0, 2, 10, 0, 0, 1, 0, 1, 0, 2])
          let back: InlineArray<1, MemoryView> = [space.view.slice(0, length)!]
          sink.transmit(back.span, offload)
          returned += 1
        }
      }
      #expect(returned == (offloads == .all ? 3 : 135))
      for end in [reflector, sink] as [NetBackend] {
        #expect((end.lost, end.corrupt, end.dropped) == (0, 0, 0))
      }
    }
  }

  @Test("a large frame that waits for a driver that is gone does not reach one that accepts less")
  func lessAccepted() {
    let reflector = Reflector()
    reflector.guestAccepts(.all)
    let (frame, offload) = next(source(.all))
    let pieces: InlineArray<1, MemoryView> = [frame]
    reflector.transmit(pieces.span, offload)
    reflector.transmit(0)
    reflector.guestAccepts([])
    #expect(reflector.nextLength == 64)
    #expect(reflector.dropped == 1)
  }
}
