import NetBackends
import Testing
import VMM
import VirtioNet

@Suite("Transmission over virtio-net")
struct TransmitTests {
  private let recorder = Recorder()

  private func driver(size: UInt16 = 64) throws -> NetDriver {
    let driver = try NetDriver(backend: recorder, size: size)
    driver.start()
    #expect(driver.status == 15)
    return driver
  }

  /// `count` bytes that tell their place.
  private func pattern(_ count: Int) -> HostBuffer {
    let frame = HostBuffer(count: count)
    for offset in 0..<count { frame.view.store(UInt8(truncatingIfNeeded: offset &* 13 &+ 5), at: offset) }
    return frame
  }

  @Test(
    "a frame arrives whole, however header and frame are cut",
    arguments: [
      [112], [12, 100], [1, 111], [11, 101], [13, 99], [12, 1, 99], [4, 4, 4, 50, 50],
      Array(repeating: 2, count: 56),
    ])
  func cuts(cut: [Int]) throws {
    let driver = try driver()
    let frame = pattern(100)
    let head = driver.offerFrame(frame.view, cut: cut)
    driver.kick(NetDriver.transmit)
    #expect(recorder.sent == [frame.view.bytes])
    #expect(driver.usedIndex(NetDriver.transmit) == 1)
    #expect(driver.usedElement(NetDriver.transmit, 0) == (UInt32(head), 0))
    #expect(driver.packets.transmitted == 1)
  }

  @Test("a frame is handed over where it lies, in as many pieces as the driver cut it into")
  func inPlace() throws {
    let driver = try driver()
    let frame = pattern(100)
    for (cut, pieces) in [([112], 1), ([12, 100], 1), ([12, 50, 50], 2), ([6, 7, 9, 90], 3)] {
      let head = driver.offerFrame(frame.view, cut: cut)
      let last = driver.buffer(NetDriver.transmit, head) + 111
      var seen = 0
      recorder.whileSending = { piece in
        seen += 1
        guard seen == pieces else { return }
        driver.ram.store(UInt8(0xee), at: last)
        #expect(piece.load(UInt8.self, at: piece.count - 1) == 0xee, "\(cut)")
      }
      driver.kick(NetDriver.transmit)
      #expect(seen == pieces)
    }
    recorder.whileSending = nil
    #expect(recorder.sent.count == 4)
  }

  @Test("a kick drains the queue with one publication and one interrupt", arguments: [1, 2, 63, 64])
  func batch(count: Int) throws {
    let driver = try driver()
    for sequence in 0..<count { driver.offerFrame(UInt64(sequence)) }
    recorder.whileSending = { _ in
      #expect(driver.usedIndex(NetDriver.transmit) == 0, "nothing is published within the batch")
    }
    driver.kick(NetDriver.transmit)
    recorder.whileSending = nil
    #expect(recorder.sent.count == count)
    #expect(driver.usedIndex(NetDriver.transmit) == UInt16(count))
    #expect(driver.device.counters.kicks == 1)
    #expect(driver.device.counters.interrupts == 1)
  }

  @Test("without interrupts wanted there are none")
  func silent() throws {
    let driver = try driver()
    driver.silence(NetDriver.transmit)
    for sequence in 0..<10 {
      driver.offerFrame(UInt64(sequence))
      driver.kick(NetDriver.transmit)
    }
    #expect(recorder.sent.count == 10)
    #expect(driver.line.raised == 0)
    #expect(driver.read(0x60) == 0)
  }

  @Test("a frame added while the batch is sent goes with it; more than the queue has room for is a fault")
  func flood() throws {
    let driver = try driver(size: 8)
    var added = 0
    recorder.whileSending = { _ in
      guard added < 3 else { return }
      driver.offerFrame(0)
      added += 1
    }
    driver.offerFrame(0)
    driver.kick(NetDriver.transmit)
    #expect(recorder.sent.count == 4)
    #expect(driver.usedIndex(NetDriver.transmit) == 4)
    #expect(driver.status == 15)

    recorder.whileSending = { _ in driver.offerFrame(0) }
    driver.offerFrame(0)
    driver.kick(NetDriver.transmit)
    recorder.whileSending = nil
    #expect(recorder.sent.count == 4 + 8)
    #expect(driver.usedIndex(NetDriver.transmit) == 12)
    #expect(driver.status == 15 | 64)
    #expect(driver.read(0x60) == 3)
  }

  @Test("the shortest and the longest frame pass", arguments: [14, 65550])
  func limits(length: Int) throws {
    let driver = try driver()
    driver.offer(NetDriver.transmit, at: 0x40_0000, cut: [12, length], writable: false)
    driver.offer(NetDriver.transmit, at: 0x40_0000, cut: [13, length - 1], writable: false)
    driver.kick(NetDriver.transmit)
    #expect(recorder.sent.map(\.count) == [length, length])
    #expect(driver.packets.dropped == 0)
  }

  @Test(
    "shorter and longer ones are dropped, counted and noted, and their chains come back",
    arguments: [1, 11, 12, 13, 25, 65563, 1 << 20])
  func dropped(length: Int) throws {
    let driver = try driver()
    let head = driver.offer(NetDriver.transmit, at: 0x40_0000, cut: [length], writable: false)
    driver.offerFrame(0)
    driver.kick(NetDriver.transmit)
    #expect(recorder.sent.count == 1)
    #expect(driver.packets.dropped == 1)
    #expect(driver.packets.transmitted == 1)
    #expect(
      driver.device.faults.lines == ["transmit chain of \(length) bytes holds no frame behind its header"])
    #expect(driver.usedIndex(NetDriver.transmit) == 2)
    #expect(driver.usedElement(NetDriver.transmit, 0) == (UInt32(head), 0))
    #expect(driver.status == 15)
  }

  @Test("a chain of writable buffers is no frame, and nothing is written to it")
  func writable() throws {
    let driver = try driver()
    let head = driver.offer(NetDriver.transmit, cut: [100], writable: true)
    driver.kick(NetDriver.transmit)
    #expect(recorder.sent.isEmpty)
    #expect(driver.packets.dropped == 1)
    #expect(driver.usedElement(NetDriver.transmit, 0) == (UInt32(head), 0))
    #expect(driver.ram.slice(driver.buffer(NetDriver.transmit, head), 100)!.bytes.allSatisfy { $0 == 0 })
  }

  @Test("frames before a malformed chain are sent and returned, those behind it are not")
  func malformed() throws {
    let driver = try driver()
    driver.offerFrame(0)
    driver.offerFrame(1)
    driver.offer(NetDriver.transmit, at: 0xd000_0000, cut: [72], writable: false)
    driver.offerFrame(2)
    driver.kick(NetDriver.transmit)
    #expect(recorder.sent.count == 2)
    #expect(driver.usedIndex(NetDriver.transmit) == 2)
    #expect(driver.status == 15 | 64)
    #expect(driver.read(0x60) == 3)
    for _ in 0..<10 { driver.kick(NetDriver.transmit) }
    #expect(recorder.sent.count == 2)
    #expect(
      driver.device.faults.lines == ["queue 1: descriptor 2: 72 bytes at 0xd0000000 are not in guest memory"])
  }
}
