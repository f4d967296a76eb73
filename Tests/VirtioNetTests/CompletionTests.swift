import NetBackends
import TestSupport
import Testing
import VMM
import VirtioNet

@Suite("Work that neither driver nor back end does")
struct CompletionTests {
  /// CSUM, HOST_TSO4, HOST_TSO6, HOST_ECN
  private static let features: UInt64 = 1 << 0 | 1 << 11 | 1 << 12 | 1 << 13
  private static let address = 0x50_0000

  private let source = Source(
    size: StreamFormat.headerCount + StreamFormat.longestPayload, frames: 0, station: VirtioNet.defaultMAC)

  private func driver(_ backend: NetBackend, size: UInt16 = 64) throws -> NetDriver {
    let driver = try NetDriver(backend: backend, size: size)
    driver.start(Self.features)
    source.guestAccepts(.all)
    return driver
  }

  /// Writes the next whole frame of the stream behind its header.
  private func write(_ driver: NetDriver) -> Int {
    let count = source.nextLength!
    source.nextOffload.store(in: driver.ram.slice(Self.address, NetDriver.headerCount)!)
    let frame: InlineArray<1, MemoryView> = [
      driver.ram.slice(Self.address + NetDriver.headerCount, count)!
    ]
    source.receive(into: frame.span)
    return NetDriver.headerCount + count
  }

  private func send(_ driver: NetDriver, _ cut: [Int]) {
    driver.offer(NetDriver.transmit, at: Self.address, cut: cut, writable: false)
    driver.kick(NetDriver.transmit)
  }

  @Test(
    "A back end gets whole segments where it does not cut, and the frame as it is where it does",
    arguments: [[], [.checksum], [.tcp4], [.checksum, .tcp6, .ecn], [.checksum, .tcp4], .all] as [Offloads])
  func segments(takes: Offloads) throws {
    let recorder = Recorder(takes: takes)
    let driver = try driver(recorder)
    let isCut = !StreamFormat.offload.needs.isSubset(of: takes)
    for round in 0..<3 {
      let count = write(driver)
      send(driver, [5 + round, 100, count - 105 - round])
    }
    #expect(recorder.sent.count == (isCut ? 3 * 45 : 3))
    #expect(recorder.offloads.allSatisfy { $0 == (isCut ? .none : StreamFormat.offload) })
    var position: UInt32 = 0
    for (bytes, offload) in zip(recorder.sent, recorder.offloads) {
      let frame = HostBuffer(count: bytes.count)
      frame.view.copy(from: bytes)
      let payload = StreamFormat.payload(of: frame.view, offload)
      #expect(payload?.position == position)
      position += UInt32(payload?.count ?? 0)
    }
    #expect(position == 3 * UInt32(StreamFormat.longestPayload))
    #expect(driver.packets.transmitted == 3, "what the driver sent is counted, not what became of it")
    #expect(driver.packets.dropped == 0)
  }

  @Test("A back end may change what it takes from frame to frame")
  func change() throws {
    let recorder = Recorder(takes: .all)
    let driver = try driver(recorder)
    for takes: Offloads in [.all, [], [.checksum, .tcp4]] {
      recorder.takes = takes
      send(driver, [write(driver)])
    }
    #expect(recorder.sent.count == 1 + 45 + 1)
  }

  @Test("A checksum alone is completed")
  func checksum() throws {
    let recorder = Recorder()
    let driver = try driver(recorder)
    driver.ram.copy(
      from: [1, 0, 0, 0, 0, 0, 14, 0, 2, 0, 0, 0] + (0..<14).map { UInt8($0) } + [1, 2, 0, 0, 0xf0, 4],
      at: Self.address)
    send(driver, [32])
    // 0x0102 + 0xf004, and the complement of that.
    #expect(recorder.sent == [(0..<14).map { UInt8($0) } + [1, 2, 0x0e, 0xf9, 0xf0, 4]])
    #expect(recorder.offloads == [.none])
  }

  @Test(
    "What cannot be completed is dropped, counted and said, and the next frame goes",
    arguments: [
      (4, 7, "to be cut into segments of less than 8 bytes"),
      (1, 4, "to be cut, and not the unfragmented TCP over IP that it says it is"),
      (12 + 14, 0x35, "its headers are malformed, cut short, or longer than 256 bytes"),
      (12 + 23, 17, "to be cut, and not the unfragmented TCP over IP that it says it is"),
    ] as [(Int, UInt8, String)])
  func incompletable(offset: Int, value: UInt8, reason: String) throws {
    let recorder = Recorder()
    let driver = try driver(recorder)
    let count = write(driver)
    let before: UInt16 = driver.ram.load(at: Self.address + offset)
    // The size of segments has two bytes.
    if offset == 4 { driver.ram.store(UInt8(0), at: Self.address + 5) }
    driver.ram.store(value, at: Self.address + offset)
    send(driver, [count])
    #expect(recorder.sent.isEmpty)
    #expect(driver.packets.dropped == 1 && driver.packets.transmitted == 0)
    #expect(driver.device.faults.lines == ["frame of 65214 bytes cannot be completed: \(reason)"])
    #expect(driver.status == 15 && driver.usedIndex(NetDriver.transmit) == 1)
    driver.ram.store(before, at: Self.address + offset)
    send(driver, [count])
    #expect(recorder.sent.count == 45)
  }

  @Test("Whatever a header says, a back end that takes nothing gets finished frames", arguments: 0..<8)
  func noise(seed: UInt64) throws {
    var numbers = SplitMix64(seed: seed)
    let recorder = Recorder()
    let driver = try driver(recorder)
    let count = write(driver)
    let template = driver.ram.slice(Self.address, 2000)!.bytes
    #expect(count > template.count)
    for _ in 0..<2000 {
      var bytes = Array(template.prefix(Int.random(in: 26...template.count, using: &numbers)))
      for _ in 0..<Int.random(in: 0..<3, using: &numbers) {
        let place = Int.random(in: 0..<min(66, bytes.count), using: &numbers)
        bytes[place] = UInt8.random(in: 0...255, using: &numbers)
      }
      driver.ram.copy(from: bytes, at: Self.address)
      let first = Int.random(in: 1..<bytes.count, using: &numbers)
      let before = recorder.sent.count
      send(driver, [first, bytes.count - first])
      #expect(recorder.sent.count - before <= 1 + bytes.count / Segmenter.smallestSegment)
    }
    #expect(recorder.offloads.allSatisfy { $0 == .none })
    #expect(driver.packets.transmitted + driver.packets.dropped == 2000)
    #expect(driver.packets.transmitted > 100 && driver.packets.dropped > 100)
    #expect(driver.status == 15)
  }

  @Test("What one kick costs is bounded by the segments asked for, and the rest goes on without another")
  func budget() throws {
    let recorder = Recorder(takes: .all)
    let driver = try driver(recorder)
    let count = write(driver)
    driver.ram.store(UInt16(1), at: Self.address + 4)
    for _ in 0..<6 { driver.offer(NetDriver.transmit, at: Self.address, cut: [count], writable: false) }
    // Two frames of 65160 segments of a byte are more than it may be.
    for served in [2, 4, 6] {
      if served == 2 { driver.kick(NetDriver.transmit) } else { driver.device.watches[1].serve() }
      #expect(recorder.sent.count == served)
      #expect(driver.usedIndex(NetDriver.transmit) == UInt16(served))
    }
    #expect(driver.packets.transmitted == 6)
  }
}
