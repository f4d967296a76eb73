import NetBackends
import Testing
import VMM
import VirtioNet

@Suite("Reception over virtio-net")
struct ReceiveTests {
  private let recorder = Recorder()

  private func driver(size: UInt16 = 64, _ backend: NetBackend? = nil) throws -> NetDriver {
    let driver = try NetDriver(backend: backend ?? recorder, size: size)
    driver.start()
    return driver
  }

  private func frame(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ 3) }
  }

  private static let header: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]

  @Test(
    "a frame lies behind a header that says one buffer, however the chain is cut",
    arguments: [
      [1526], [12, 1514], [11, 1515], [1, 1, 1, 200], [5, 5, 5, 50, 100], [112], [6, 106],
      Array(repeating: 4, count: 28),
    ])
  func cuts(cut: [Int]) throws {
    let driver = try driver()
    let head = driver.offer(NetDriver.receive, cut: cut, writable: true)
    driver.kick(NetDriver.receive)
    #expect(driver.usedIndex(NetDriver.receive) == 0)
    recorder.pending = [frame(100)]
    driver.device.poll()
    #expect(driver.usedIndex(NetDriver.receive) == 1)
    #expect(driver.usedElement(NetDriver.receive, 0) == (UInt32(head), 112))
    let written = driver.ram.slice(driver.buffer(NetDriver.receive, head), 2048)!.bytes
    #expect(Array(written[0..<112]) == Self.header + frame(100))
    #expect(written[112...].allSatisfy { $0 == 0 }, "nothing behind the frame is written")
    #expect(driver.packets.received == 1)
  }

  @Test("frames come with a kick of either queue, and with a poll", arguments: 0..<3)
  func occasions(occasion: Int) throws {
    let driver = try driver()
    driver.offer(NetDriver.receive, cut: [1526], writable: true)
    recorder.pending = [frame(60)]
    if occasion < 2 { driver.kick(occasion) } else { driver.device.poll() }
    #expect(driver.packets.received == 1)
    #expect(driver.read(0x60) == 1)
    #expect(driver.line.isAsserted)
  }

  @Test("frames wait in the back end while there is no chain, and keep their order")
  func waiting() throws {
    let driver = try driver()
    recorder.pending = (1...5).map { frame(60 + $0) }
    driver.device.poll()
    #expect(recorder.pending.count == 5)
    #expect(!driver.line.isAsserted)
    for _ in 0..<2 { driver.offer(NetDriver.receive, cut: [1526], writable: true) }
    driver.kick(NetDriver.receive)
    #expect(recorder.pending.map(\.count) == [63, 64, 65])
    for _ in 0..<10 { driver.offer(NetDriver.receive, cut: [1526], writable: true) }
    driver.kick(NetDriver.receive)
    #expect((0..<5).map { driver.usedElement(NetDriver.receive, $0).length } == [73, 74, 75, 76, 77])
    #expect(driver.usedIndex(NetDriver.receive) == 5)
    #expect(driver.packets.dropped == 0)
  }

  @Test("a batch is published once, with one interrupt")
  func batch() throws {
    let driver = try driver()
    for _ in 0..<64 { driver.offer(NetDriver.receive, cut: [1526], writable: true) }
    recorder.pending = Array(repeating: frame(60), count: 100)
    driver.device.poll()
    #expect(driver.usedIndex(NetDriver.receive) == 64)
    #expect(driver.device.counters.interrupts == 1)
    #expect(recorder.pending.count == 36)
  }

  @Test("without interrupts wanted there are none")
  func silent() throws {
    let driver = try driver()
    driver.silence(NetDriver.receive)
    driver.offer(NetDriver.receive, cut: [1526], writable: true)
    recorder.pending = [frame(60)]
    driver.device.poll()
    #expect(driver.usedIndex(NetDriver.receive) == 1)
    #expect(driver.line.raised == 0)
  }

  @Test("a frame that does not fit the chain is dropped and counted; the chain is there for the next")
  func tooSmall() throws {
    let driver = try driver()
    let head = driver.offer(NetDriver.receive, cut: [40, 72], writable: true)
    recorder.pending = [frame(101), frame(1500), frame(100), frame(60)]
    driver.device.poll()
    #expect(recorder.refused == 2)
    #expect(recorder.pending == [frame(60)])
    #expect(driver.packets.dropped == 2)
    #expect(driver.packets.received == 1)
    #expect(driver.usedElement(NetDriver.receive, 0) == (UInt32(head), 112))
    #expect(driver.device.faults.lines.first == "frame of 101 bytes does not fit a receive chain of 112")
    #expect(driver.status == 15)
  }

  @Test("frames of no Ethernet length are dropped", arguments: [0, 1, 13, 65551, 70000])
  func length(_ length: Int) throws {
    let driver = try driver()
    driver.offer(NetDriver.receive, at: 0x40_0000, cut: [100_000], writable: true)
    recorder.pending = [frame(length), frame(14), frame(60)]
    driver.device.poll()
    #expect(driver.packets.dropped == 1)
    #expect(driver.usedElement(NetDriver.receive, 0).length == 26)
  }

  @Test("the longest frame fits a chain that is just long enough")
  func longest() throws {
    let driver = try driver()
    driver.offer(NetDriver.receive, at: 0x40_0000, cut: [65562], writable: true)
    recorder.pending = [frame(65550)]
    driver.device.poll()
    #expect(driver.usedElement(NetDriver.receive, 0).length == 65562)
    #expect(driver.ram.slice(0x40_000c, 65550)!.bytes == frame(65550))
  }

  @Test("a chain too small for any frame costs bounded work, however many frames there are")
  func bounded() throws {
    let driver = try driver()
    driver.offer(NetDriver.receive, cut: [11], writable: true)
    recorder.pending = Array(repeating: frame(15 << 10), count: 5000)
    driver.kick(NetDriver.receive)
    #expect(recorder.refused == 4096)
    #expect(driver.usedIndex(NetDriver.receive) == 0)
    #expect(driver.packets.dropped == 4096)
    driver.device.watches[1].serve()
    #expect(recorder.refused == 5000, "what was left over goes on without a kick")
  }

  @Test("a readable buffer in the receive queue is never written, and stops the device", arguments: 0..<2)
  func readable(place: Int) throws {
    let driver = try driver()
    driver.start(place == 0 ? 0 : 1 << 15)
    if place == 1 { driver.offer(NetDriver.receive, cut: [20], writable: true) }
    let head = driver.offer(NetDriver.receive, cut: [1526], writable: false)
    recorder.pending = [frame(60)]
    driver.device.poll()
    #expect(driver.status == 15 | 64)
    #expect(driver.device.faults.lines.count == 1)
    #expect(recorder.pending.count == 1)
    #expect(driver.usedIndex(NetDriver.receive) == 0)
    #expect(driver.ram.slice(driver.buffer(NetDriver.receive, head), 1526)!.bytes.allSatisfy { $0 == 0 })
  }

  @Test("a malformed receive chain stops the device, and the frame stays in the back end")
  func malformed() throws {
    let driver = try driver()
    driver.offer(NetDriver.receive, cut: [1526], writable: true)
    driver.offer(NetDriver.receive, at: 0x7f_ffff, cut: [1526], writable: true)
    recorder.pending = [frame(60), frame(61)]
    driver.device.poll()
    #expect(driver.usedIndex(NetDriver.receive) == 1)
    #expect(recorder.pending == [frame(61)])
    #expect(driver.status == 15 | 64)
    #expect(driver.read(0x60) == 3)
    driver.device.poll()
    driver.kick(NetDriver.transmit)
    #expect(recorder.pending == [frame(61)])
  }

  @Test(
    "frames that are sent to the reflector come back in order and prove themselves",
    arguments: [8, 64, 1024] as [UInt16])
  func reflected(size: UInt16) throws {
    let reflector = Reflector()
    let driver = try driver(size: size, reflector)
    for _ in 0..<size { driver.offer(NetDriver.receive, cut: [1526], writable: true) }
    driver.kick(NetDriver.receive)
    var sequence: UInt64 = 0
    var expected: UInt64 = 0
    var reaped: UInt16 = 0
    while sequence < 5000 {
      for _ in 0..<(sequence &* 7 % UInt64(size) + 1) {
        driver.offerFrame(sequence, length: 60 + 4 * Int(sequence % 300))
        sequence += 1
      }
      driver.kick(NetDriver.transmit)
      while reaped != driver.usedIndex(NetDriver.receive) {
        let (id, length) = driver.usedElement(NetDriver.receive, reaped)
        let address = driver.buffer(NetDriver.receive, UInt16(id))
        let frame = driver.ram.slice(address + 12, Int(length) - 12)!
        guard FrameFormat.sequence(of: frame) == expected, frame.load(UInt8.self, at: 0) == 0xa6 else {
          Issue.record("frame \(expected) of \(length) bytes in chain \(id)")
          return
        }
        expected += 1
        reaped &+= 1
        driver.offer(NetDriver.receive, cut: [1526], writable: true)
      }
      driver.kick(NetDriver.receive)
    }
    #expect(expected == sequence)
    #expect(driver.packets.transmitted == sequence)
    #expect(driver.packets.received == sequence)
    #expect(driver.packets.lost == 0)
    #expect(driver.packets.corrupt == 0)
    #expect(driver.packets.dropped == 0)
    #expect(driver.device.faults.lines.isEmpty)
  }
}
