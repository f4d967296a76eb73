import NetBackends
import Testing
import VMM

@Suite("The reflector")
struct ReflectorTests {
  private let reflector = Reflector()

  private func receive(cut: [Int]) -> [UInt8] {
    let space = HostBuffer(count: 4096)
    var offset = 0
    let views = cut.map { count in
      defer { offset += count }
      return space.view.slice(offset, count)!
    }
    reflector.receive(into: views.span)
    return Array(space.view.bytes[0..<offset])
  }

  @Test("a frame comes back with destination and source exchanged and the rest as it was")
  func exchange() {
    let frame = makeFrame(0, length: 100)
    let sent = frame.view.bytes
    reflector.transmit(frame.view)
    #expect(reflector.nextLength == 100)
    let back = receive(cut: [100])
    #expect(Array(back[0..<6]) == Array(sent[6..<12]))
    #expect(Array(back[6..<12]) == Array(sent[0..<6]))
    #expect(Array(back[12...]) == Array(sent[12...]))
    #expect(reflector.nextLength == nil)
  }

  @Test(
    "buffers are filled one after the other, whatever their lengths",
    arguments: [[64], [1, 63], [12, 52], [10, 10, 10, 10, 10, 14], [0, 64], [60, 0, 4], [64, 100]])
  func scatter(cut: [Int]) {
    reflector.transmit(0, length: 64)
    let whole = receive(cut: [64])
    reflector.transmit(0, length: 64)
    #expect(Array(receive(cut: cut)[0..<64]) == whole)
  }

  @Test("the order is kept, also around the end of the queue")
  func order() {
    var sent: UInt64 = 0
    var received: UInt64 = 0
    // Steps that do not divide the capacity, so that the queue wraps at every place.
    for step in [1000, 3000, 4096, 77, 4095, 2500] {
      for _ in 0..<step {
        reflector.transmit(sent, length: 60)
        sent += 1
      }
      let space = HostBuffer(count: 60)
      let views = [space.view]
      while reflector.nextLength == 60 {
        reflector.receive(into: views.span)
        guard FrameFormat.sequence(of: space.view) == received else {
          Issue.record("frame \(received) is another")
          return
        }
        received += 1
      }
    }
    #expect(received == sent)
    #expect(reflector.lost == 0)
    #expect(reflector.corrupt == 0)
  }

  @Test("a full queue drops the new frame and keeps the old ones")
  func full() {
    // With its header a frame of 1008 bytes takes 1 KiB.
    let room = Reflector.capacity / 1024
    for sequence in 0..<(room + 5) { reflector.transmit(UInt64(sequence), length: 1008) }
    #expect((reflector.lost, reflector.dropped) == (0, 5))
    reflector.dropNext()
    let space = HostBuffer(count: 1008)
    reflector.receive(into: [space.view].span)
    #expect(FrameFormat.sequence(of: space.view) == 1)
    reflector.transmit(UInt64(room + 5), length: 1008)
    #expect((reflector.lost, reflector.dropped) == (0, 5))
  }

  @Test("frames are checked as the sink does, and returned all the same")
  func checked() {
    let frame = makeFrame(4, length: 60)
    reflector.transmit(frame.view)
    frame.view.store(UInt8(0xff), at: 59)
    reflector.transmit(frame.view)
    #expect(reflector.lost == 4)
    #expect(reflector.corrupt == 1)
    #expect(receive(cut: [60]).count == 60)
    #expect(receive(cut: [60]).last == 0xff)
  }

  @Test(
    "what is no frame, or has no addresses, is counted and not returned", arguments: [0, 13, 65551])
  func unfit(length: Int) {
    reflector.transmitZeros(length)
    #expect(reflector.nextLength == nil)
    #expect(reflector.corrupt == 1)
  }

  @Test("the shortest and the longest frame that fit are returned", arguments: [14, 65550])
  func fit(length: Int) {
    reflector.transmitZeros(length)
    #expect(reflector.nextLength == length)
  }

  @Test("an empty queue has nothing to drop or to give")
  func empty() {
    reflector.dropNext()
    #expect(receive(cut: [4]) == [0, 0, 0, 0])
    #expect(reflector.nextLength == nil)
    reflector.transmit(0, length: 60)
    #expect(reflector.nextLength == 60)
  }
}
