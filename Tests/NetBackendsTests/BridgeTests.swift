import CLinux
import NetBackends
import Synchronization
import TestSupport
import Testing
import VMM

@Suite("The bridge")
struct BridgeTests {
  @Test("what one end sends the other receives, in order, with what is to be done to it")
  func both() throws {
    let (left, right) = try BridgeEnd.makeWire()
    right.guestAccepts([.checksum, .tcp4])
    let pieces = Pieces(frameBytes(0, length: 99), cut: [9, 50])
    let views = pieces.views
    left.transmit(views.span, StreamFormat.offload)
    extendLifetime(pieces)
    left.transmit(1)
    #expect(left.nextLength == nil)
    #expect(right.nextLength == 99)
    #expect(right.nextOffload == StreamFormat.offload)
    #expect(right.take(cut: [50, 49]) == frameBytes(0, length: 99))
    #expect(right.nextOffload == .none)
    #expect(right.take(cut: [64]) == frameBytes(1, length: 64))
    #expect(right.nextLength == nil)
  }

  @Test("what was sent before the guest accepted less does not reach it")
  func less() throws {
    let (left, right) = try BridgeEnd.makeWire()
    right.guestAccepts(.all)
    let pieces = Pieces(frameBytes(0, length: 99), cut: [])
    let views = pieces.views
    left.transmit(views.span, StreamFormat.offload)
    extendLifetime(pieces)
    left.transmit(1, length: 70)
    right.guestAccepts([])
    #expect(right.nextLength == 70)
    #expect((left.dropped, right.dropped) == (0, 1))
  }

  @Test("what the guest at the other end does not accept is done before it leaves")
  func completed() throws {
    let (left, right) = try BridgeEnd.makeWire()
    #expect(left.accepts == .all)
    let count = StreamFormat.headerCount + 2 * StreamFormat.segmentSize
    let source = Source(size: count, frames: 1, station: [2, 0, 0, 0, 0, 1])
    source.guestAccepts(.all)
    let pieces = Pieces(source.take(cut: [count]), cut: [700])
    let views = pieces.views
    left.transmit(views.span, StreamFormat.offload)
    extendLifetime(pieces)
    left.transmit(1)
    for _ in 0..<2 {
      #expect(right.nextLength == StreamFormat.headerCount + StreamFormat.segmentSize)
      #expect(right.nextOffload == .none)
      right.dropNext()
    }
    #expect(right.take(cut: [64]) == frameBytes(1, length: 64))
    #expect((left.dropped, right.nextLength) == (0, nil))
  }

  @Test("a full wire drops the new frame, counts it, and says nothing to the other side")
  func full() throws {
    let (left, right) = try BridgeEnd.makeWire()
    let room = UInt64(BridgeEnd.capacity / 1024)
    for number in 0..<(room + 3) { left.transmit(number, length: 1008) }
    #expect((left.dropped, right.dropped) == (3, 0))
    for number in 0..<room {
      guard right.take(cut: [1008]) == frameBytes(number, length: 1008) else {
        Issue.record("frame \(number)")
        return
      }
    }
    #expect(right.nextLength == nil)
  }

  /// Two threads, each of which sends its frames and sleeps until those of the other have come: a wake-up that is lost
  /// would leave one asleep for ever.
  @Test("no wake-up is lost and no frame is torn between two threads", arguments: [1, 7] as [UInt64])
  func threads(batch: UInt64) throws {
    let ends = try BridgeEnd.makeWire()
    let wrong = Atomic(0)
    onThreads(2) { thread in
      let end = thread == 0 ? ends.0 : ends.1
      let frame = HostBuffer(count: 1514)
      var received: UInt64 = 0
      for start in stride(from: 0, to: 3000 as UInt64, by: Int(batch)) {
        for number in start..<(start + batch) {
          let length = 60 + Int(number * 37 % 1400)
          let view = frame.view.slice(0, length)!
          FrameFormat.seal(view, sequence: number)
          end.transmit(view)
        }
        while received < start + batch {
          guard let length = end.nextLength else {
            var item = pollfd(fd: end.descriptor!, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&item, 1, 20_000) != 1 {
              wrong.add(1, ordering: .relaxed)
              return
            }
            continue
          }
          let views = [frame.view]
          end.receive(into: views.span)
          let isRight =
            length == 60 + Int(received * 37 % 1400)
            && FrameFormat.sequence(of: frame.view.slice(0, length)!) == received
          if !isRight { wrong.add(1, ordering: .relaxed) }
          received += 1
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect((ends.0.dropped, ends.1.dropped) == (0, 0))
    #expect((ends.0.nextLength, ends.1.nextLength) == (nil, nil))
  }
}
