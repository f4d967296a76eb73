import NetBackends
import TestSupport
import Testing
import VMM
import VirtioNet

@Suite("Received frames in several buffers")
struct MergeableTests {
  private static let mergeable: UInt64 = 1 << 15

  private func frame(_ count: Int, _ seed: UInt64) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 11 &+ Int(seed)) }
  }

  @Test(
    "Frames of all lengths in chains of all lengths: num_buffers is right and each byte is there",
    arguments: 0..<12)
  func property(seed: UInt64) throws {
    var numbers = SplitMix64(seed: seed)
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder, size: 256)
    driver.start(Self.mergeable)
    var lengths: [Int] = []
    var reaped: UInt16 = 0
    for round in 0..<60 {
      let expected = (0..<Int.random(in: 1...3, using: &numbers)).map { index in
        frame(.random(in: 14...1600, using: &numbers), UInt64(round + index))
      }
      recorder.pending = expected
      // Chains come a few at a time, so that frames wait with some of theirs there.
      while !recorder.pending.isEmpty {
        let free = 256 - lengths.count
        for _ in 0..<Int.random(in: 1...min(8, free), using: &numbers) {
          let length = Int.random(in: 1...600, using: &numbers)
          driver.offer(NetDriver.receive, cut: [length], writable: true)
          lengths.append(length)
        }
        driver.kick(NetDriver.receive)
      }
      for frame in expected { try check(frame, driver, &lengths, &reaped) }
      #expect(driver.usedIndex(NetDriver.receive) == reaped)
    }
    #expect(driver.packets.dropped == 0)
    #expect(driver.device.faults.lines.isEmpty)
  }

  /// Takes the chains of one frame off the used ring, each filled before the next begins.
  private func check(
    _ frame: [UInt8], _ driver: NetDriver, _ lengths: inout [Int], _ reaped: inout UInt16
  ) throws {
    var bytes: [UInt8] = []
    var buffers = 0
    while bytes.count < frame.count + 12 {
      try #require(reaped != driver.usedIndex(NetDriver.receive))
      let (id, length) = driver.usedElement(NetDriver.receive, reaped)
      reaped &+= 1
      buffers += 1
      let address = driver.buffer(NetDriver.receive, UInt16(id))
      bytes += driver.ram.slice(address, Int(length))!.bytes
      let whole = lengths.removeFirst()
      #expect(Int(length) == whole || bytes.count == frame.count + 12)
    }
    #expect(Array(bytes[0..<10]) == Array(repeating: 0, count: 10))
    #expect(UInt16(bytes[10]) | UInt16(bytes[11]) << 8 == UInt16(buffers))
    #expect(Array(bytes[12...]) == frame)
  }

  @Test("A frame waits while its chains are too few, and the driver is asked for more")
  func waits() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.mergeable | 1 << 29)
    driver.offer(NetDriver.receive, cut: [50], writable: true)
    recorder.pending = [frame(100, 1)]
    driver.device.poll()
    #expect(driver.usedIndex(NetDriver.receive) == 0)
    #expect(recorder.pending.count == 1)
    #expect(driver.ram.load(UInt16.self, at: driver.used(NetDriver.receive) + 4 + 8 * 64) == 1)
    driver.offer(NetDriver.receive, cut: [61], writable: true)
    driver.kick(NetDriver.receive)
    #expect(driver.usedIndex(NetDriver.receive) == 0)
    driver.offer(NetDriver.receive, cut: [1], writable: true)
    driver.kick(NetDriver.receive)
    #expect((0..<3).map { driver.usedElement(NetDriver.receive, $0).length } == [50, 61, 1])
    #expect(driver.packets.received == 1)
  }

  @Test("A frame that all chains together cannot hold is dropped")
  func never() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder, size: 4)
    driver.start(Self.mergeable)
    for _ in 0..<4 { driver.offer(NetDriver.receive, cut: [20], writable: true) }
    recorder.pending = [frame(69, 1), frame(68, 2)]
    driver.device.poll()
    #expect(driver.packets.dropped == 1)
    #expect(driver.packets.received == 1)
    #expect(driver.usedIndex(NetDriver.receive) == 4)
    #expect(driver.device.faults.lines == ["frame of 69 bytes does not fit a receive chain of 80"])
  }

  @Test("A malformed chain among those of a frame stops the device, and the frame stays")
  func malformed() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.mergeable)
    driver.offer(NetDriver.receive, cut: [50], writable: true)
    driver.offer(NetDriver.receive, at: 0xd000_0000, cut: [100], writable: true)
    recorder.pending = [frame(100, 1)]
    driver.device.poll()
    #expect(driver.status == 15 | 64)
    #expect(driver.usedIndex(NetDriver.receive) == 0)
    #expect(recorder.pending.count == 1)
  }
}
