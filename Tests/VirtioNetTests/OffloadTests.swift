import NetBackends
import TestSupport
import Testing
import VMM
import VirtioNet

@Suite("Work that driver and device leave to each other")
struct OffloadTests {
  private static let all: Offloads = [.checksum, .tcp4, .tcp6, .ecn]
  /// CSUM, HOST_TSO4, HOST_TSO6, HOST_ECN
  private static let transmit: UInt64 = 1 << 0 | 1 << 11 | 1 << 12 | 1 << 13
  /// GUEST_CSUM, GUEST_TSO4, GUEST_TSO6, GUEST_ECN
  private static let receive: UInt64 = 1 << 1 | 1 << 7 | 1 << 8 | 1 << 9

  private static func header(
    flags: UInt8 = 1, type: UInt8 = 0, length: UInt16 = 0xffff, size: UInt16 = 0, start: UInt16 = 34,
    offset: UInt16 = 16
  ) -> [UInt8] {
    [flags, type] + [length, size, start, offset, 0].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
  }

  /// A frame with a TCP header of 20 bytes at 34.
  private static func frame(_ count: Int, dataOffset: UInt8 = 0x50) -> [UInt8] {
    var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    if count > 46 { bytes[46] = dataOffset }
    return bytes
  }

  private func send(_ driver: NetDriver, _ bytes: [UInt8], cut: [Int]? = nil) {
    driver.ram.copy(from: bytes, at: 0x50_0000)
    driver.offer(NetDriver.transmit, at: 0x50_0000, cut: cut ?? [bytes.count], writable: false)
    driver.kick(NetDriver.transmit)
  }

  @Test("The device offers its driver all work, whatever its back end takes", arguments: 0..<16)
  func offered(offloads: UInt8) throws {
    let driver = try NetDriver(backend: Recorder(takes: Offloads(rawValue: offloads)))
    #expect(driver.read(0x10) & 0x3801 == 0x3801)
  }

  @Test("What the header says goes to the back end, with a length of headers that was looked up")
  func passed() throws {
    let recorder = Recorder(takes: Self.all)
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.transmit)
    send(driver, Self.header() + Self.frame(100))
    send(driver, Self.header(type: 1, size: 20) + Self.frame(3000, dataOffset: 0x80), cut: [5, 20, 2987])
    send(driver, Self.header(type: 0x84, size: 1448) + Self.frame(65550))
    send(driver, Self.header(flags: 0, start: 0xffff, offset: 0xffff) + Self.frame(60))
    var checksum = Offload()
    checksum.needsChecksum = true
    checksum.checksumStart = 34
    checksum.checksumOffset = 16
    var tcp4 = checksum
    tcp4.segmentation = .tcp4
    tcp4.segmentSize = 20
    tcp4.headerLength = 66
    var tcp6 = checksum
    tcp6.segmentation = .tcp6
    tcp6.hasECN = true
    tcp6.segmentSize = 1448
    tcp6.headerLength = 54
    #expect(recorder.offloads == [checksum, tcp4, tcp6, .none])
    #expect(recorder.sent.map(\.count) == [100, 3000, 65550, 60])
    #expect(driver.packets.dropped == 0)
    #expect(recorder.flushes == 4)
  }

  @Test(
    "A header that contradicts the frame is a frame that is dropped, counted and noted; the device goes on",
    arguments: [
      header(start: 99, offset: 0), header(start: 0xffff, offset: 0xffff), header(start: 13),
      header(offset: 65),
      header(type: 1, size: 0), header(type: 1, size: 100, offset: 6), header(flags: 0, type: 1, size: 100),
      header(type: 4, size: 100, start: 81), header(type: 1, size: 100, start: 35), header(type: 0x80),
      header(type: 2), header(type: 3, size: 100), header(type: 5, size: 100), header(type: 0x7f),
    ] as [[UInt8]])
  func bad(header: [UInt8]) throws {
    let recorder = Recorder(takes: Self.all)
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.transmit)
    var frame = Self.frame(94)
    frame[47] = 0xff
    send(driver, header + frame)
    #expect(recorder.sent.isEmpty)
    #expect(driver.packets.dropped == 1)
    #expect(driver.device.faults.lines.count == 1)
    #expect(driver.usedIndex(NetDriver.transmit) == 1)
    #expect(driver.status == 15)
    send(driver, Self.header() + Self.frame(60))
    #expect(recorder.sent.count == 1)
  }

  @Test(
    "Work that was not negotiated is not passed on",
    arguments: [(1, 0), (1, 1), (1, 4), (1, 0x81)] as [(UInt8, UInt8)])
  func notNegotiated(flags: UInt8, type: UInt8) throws {
    let recorder = Recorder(takes: Self.all)
    let driver = try NetDriver(backend: recorder)
    for features: UInt64 in type == 0 ? [0] : [0, 1] {
      driver.start(features)
      send(driver, Self.header(flags: flags, type: type, size: 100) + Self.frame(100))
    }
    #expect(recorder.sent.isEmpty)
    #expect(
      driver.device.faults.lines.allSatisfy {
        $0 == "frame of 100 bytes asks for work that was not negotiated"
      })
  }

  @Test("Whatever a header says and however it is cut, what passes keeps the rules", arguments: 0..<8)
  func noise(seed: UInt64) throws {
    var numbers = SplitMix64(seed: seed)
    let recorder = Recorder(takes: Self.all)
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.transmit)
    for _ in 0..<3000 {
      let count = Int.random(in: 14...200, using: &numbers)
      var bytes = (0..<12 + count).map { _ in UInt8.random(in: 0...255, using: &numbers) }
      bytes[0] &= 1
      bytes[1] = [0, 1, 4, 0x81, 0x84, bytes[1]].randomElement(using: &numbers)!
      if Bool.random(using: &numbers) { bytes.replaceSubrange(6..<10, with: [UInt8(count / 2), 0, 16, 0]) }
      let first = Int.random(in: 1..<bytes.count, using: &numbers)
      let before = recorder.sent.count
      send(driver, bytes, cut: [first, bytes.count - first])
      guard recorder.sent.count > before, let offload = recorder.offloads.last else { continue }
      #expect(!offload.needsChecksum || Int(offload.checksumStart) + Int(offload.checksumOffset) + 2 <= count)
      if offload.segmentation != .none {
        #expect(offload.needsChecksum && offload.segmentSize > 0 && Int(offload.headerLength) <= count)
      }
    }
    #expect(driver.packets.transmitted == UInt64(recorder.sent.count))
    #expect(driver.packets.transmitted + driver.packets.dropped == 3000)
    #expect(driver.status == 15)
  }

  @Test(
    "The back end is told what the driver takes: with FEATURES_OK, after a reset, and when it changes its mind"
  )
  func told() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.receive | 1 << 2 | 1 << 17)
    #expect(recorder.accepted == [[], Self.all])
    #expect(driver.command(5, 0, [0x82, 0, 0, 0, 0, 0, 0, 0]) == 0)
    #expect(recorder.accepted.last == [.checksum, .tcp4])
    #expect(driver.command(5, 0, [0, 4, 0, 0, 0, 0, 0, 0]) == 1, "UFO was not negotiated")
    #expect(recorder.accepted.count == 3)
    driver.write(0x70, 0)
    #expect(recorder.accepted.last == [])
    #expect(recorder.accepted.count == 4)
  }

  @Test("What is left to the driver stands in the header of the frame")
  func received() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder)
    driver.start(Self.receive)
    recorder.pendingOffload.needsChecksum = true
    recorder.pendingOffload.isChecksumValid = true
    recorder.pendingOffload.segmentation = .tcp6
    recorder.pendingOffload.hasECN = true
    recorder.pendingOffload.headerLength = 0x102
    recorder.pendingOffload.segmentSize = 0x304
    recorder.pendingOffload.checksumStart = 0x506
    recorder.pendingOffload.checksumOffset = 0x708
    recorder.pending = [Self.frame(9000)]
    driver.offer(NetDriver.receive, at: 0x50_0000, cut: [10_000], writable: true)
    driver.kick(NetDriver.receive)
    #expect(driver.ram.slice(0x50_0000, 12)!.bytes == [3, 0x84, 2, 1, 4, 3, 6, 5, 8, 7, 1, 0])
    #expect(driver.packets.received == 1)
  }

  @Test("A driver without GUEST_CSUM hears nothing of checksums, and gets no frame with work undone")
  func receivedPlain() throws {
    let recorder = Recorder()
    let driver = try NetDriver(backend: recorder)
    driver.start()
    for _ in 0..<2 { driver.offer(NetDriver.receive, cut: [200], writable: true) }
    recorder.pendingOffload.isChecksumValid = true
    recorder.pending = [Self.frame(60)]
    driver.kick(NetDriver.receive)
    #expect(driver.ram.load(UInt8.self, at: driver.buffer(NetDriver.receive, 0)) == 0)
    recorder.pendingOffload.needsChecksum = true
    recorder.pending = [Self.frame(60)]
    driver.kick(NetDriver.receive)
    #expect(driver.packets.received == 1)
    #expect(driver.packets.dropped == 1)
  }
}
