import NetBackends
import TestSupport
import Testing
import VMM
import Virtio

/// Returns frames; on command it takes none, like a TAP that went down.
private final class Flaky: NetBackend, @unchecked Sendable {
  private let inner = Reflector()
  private var refused: UInt64 = 0
  private var isTold = false
  var isDown = false

  init() { super.init(name: "flaky") }

  override var accepts: Offloads { inner.accepts }

  override func transmit(_ frame: borrowing Span<MemoryView>, _ offload: Offload) {
    guard isDown else {
      isTold = false
      return inner.transmit(frame, offload)
    }
    refused += 1
    if !isTold { onFault("flaky: it is down") }
    isTold = true
  }

  override func guestAccepts(_ offloads: Offloads) { inner.guestAccepts(offloads) }
  override var nextLength: Int? { inner.nextLength }
  override var nextOffload: Offload { inner.nextOffload }
  override func receive(into buffers: borrowing Span<MemoryView>) { inner.receive(into: buffers) }
  override func dropNext() { inner.dropNext() }
  override var dropped: UInt64 { refused + inner.dropped }
}

@Suite("Trouble in the middle of traffic")
struct TroubleTests {
  /// CSUM, HOST_TSO4
  private static let features: UInt64 = 1 << 0 | 1 << 11
  private static let size: UInt16 = 32
  private let far = Flaky()

  private func begin(_ driver: NetDriver) {
    driver.write(0x70, 0)
    for queue in 0..<3 { driver.ram.slice(driver.descriptors(queue), 0x1_0000)!.clear() }
    driver.start(Self.features)
  }

  /// Waits until the device has returned all chains of `queue`. Serves as the supervisor would.
  private func drain(_ driver: NetDriver, _ queue: Int) {
    while driver.usedIndex(queue) != driver.availableIndex(queue) {
      for watch in driver.device.watches { watch.serve() }
    }
  }

  private func dropped(_ driver: NetDriver) -> (all: UInt64, far: UInt64) {
    driver.device.exclusively { (driver.device.counters.packets!.dropped, far.dropped) }
  }

  /// Frames of which some are none, and some ask for so much that the queue is left for later.
  private func offer(_ driver: NetDriver, _ count: Int, _ numbers: inout SplitMix64) {
    for _ in 0..<count {
      switch Int.random(in: 0..<10, using: &numbers) {
      case 0: driver.offer(NetDriver.transmit, cut: [20], writable: false)
      case 1:
        let header: [UInt8] = [1, 1, 0, 0, 1, 0, 34, 0, 16, 0, 0, 0]
        driver.ram.copy(from: header + [UInt8](repeating: 0x50, count: 65_000), at: 0x50_0000)
        driver.offer(NetDriver.transmit, at: 0x50_0000, cut: [65_012], writable: false)
      default: driver.offerFrame(0)
      }
      if Bool.random(using: &numbers) { driver.kick(NetDriver.transmit) }
    }
  }

  @Test(
    "A reset at any time leaves exact counts: what came back was sent or dropped, and nothing comes later",
    arguments: QueueService.allCases, 0..<4 as Range<UInt64>)
  func reset(service: QueueService, seed: UInt64) throws {
    var numbers = SplitMix64(seed: seed)
    let driver = try NetDriver(backend: far, size: Self.size, service: service)
    try driver.device.start()
    defer { driver.device.stop() }
    var (sent, received, unsent) = (0 as UInt64, 0 as UInt64, 0)
    for _ in 0..<60 {
      begin(driver)
      for _ in 0..<Int.random(in: 0...Int(Self.size), using: &numbers) {
        driver.offer(NetDriver.receive, cut: [1526], writable: true)
      }
      offer(driver, Int.random(in: 1...Int(Self.size), using: &numbers), &numbers)
      if Int.random(in: 0..<4, using: &numbers) == 0 {
        driver.kick(NetDriver.transmit)
        drain(driver, NetDriver.transmit)
      }
      driver.write(0x70, 0)
      let before = driver.ram.slice(0, 0x4_0000)!.bytes
      sent += UInt64(driver.usedIndex(NetDriver.transmit))
      received += UInt64(driver.usedIndex(NetDriver.receive))
      unsent += Int(driver.availableIndex(NetDriver.transmit) - driver.usedIndex(NetDriver.transmit))
      driver.kick(NetDriver.transmit)
      for watch in driver.device.watches { watch.serve() }
      let packets = driver.packets
      let drops = dropped(driver)
      #expect(packets.transmitted + drops.all - drops.far == sent)
      #expect(packets.received == received)
      #expect(driver.ram.slice(0, 0x4_0000)!.bytes == before)
    }
    #expect(unsent > 0 || service != .vcpu, "some resets came in the middle, of a vCPU always")
    #expect(
      driver.device.exclusively { driver.device.faults.lines.contains { $0.contains("holds no frame") } })
    begin(driver)
    for _ in 0..<Self.size { driver.offerFrame(0) }
    driver.kick(NetDriver.transmit)
    drain(driver, NetDriver.transmit)
    #expect(
      driver.packets.transmitted + dropped(driver).all - dropped(driver).far == sent + UInt64(Self.size))
  }

  @Test(
    "A back end that fails for a while costs counted drops and one line, and then takes frames again",
    arguments: QueueService.allCases)
  func fault(service: QueueService) throws {
    let driver = try NetDriver(backend: far, size: Self.size, service: service)
    try driver.device.start()
    defer { driver.device.stop() }
    begin(driver)
    for round in 0..<6 {
      driver.device.exclusively { far.isDown = round % 2 == 1 }
      for _ in 0..<Self.size {
        driver.offerFrame(0)
        driver.kick(NetDriver.transmit)
      }
      drain(driver, NetDriver.transmit)
      #expect(driver.packets.transmitted == UInt64(round + 1) * UInt64(Self.size))
      #expect(driver.packets.dropped == UInt64((round + 1) / 2) * UInt64(Self.size))
      let lines = driver.device.exclusively { driver.device.faults.lines }
      #expect(lines == Array(repeating: "flaky: it is down", count: (round + 1) / 2))
    }
    #expect(driver.status == 15)
    for _ in 0..<Self.size { driver.offer(NetDriver.receive, cut: [1526], writable: true) }
    driver.kick(NetDriver.receive)
    drain(driver, NetDriver.receive)
    #expect(driver.packets.received == UInt64(Self.size), "what it took before and after is there")
  }

  @Test(
    "A malformed chain in the middle of traffic stops the device, and after a reset traffic resumes",
    arguments: QueueService.allCases)
  func malformed(service: QueueService) throws {
    let driver = try NetDriver(backend: far, size: Self.size, service: service)
    try driver.device.start()
    defer { driver.device.stop() }
    for round in 1...10 as ClosedRange<UInt64> {
      begin(driver)
      for _ in 0..<8 { driver.offerFrame(0) }
      driver.offer(NetDriver.transmit, at: 0xd000_0000, cut: [72], writable: false)
      driver.offerFrame(0)
      driver.kick(NetDriver.transmit)
      while driver.status & 64 == 0 {}
      #expect(driver.usedIndex(NetDriver.transmit) == 8)
      #expect(driver.packets.transmitted == 8 * round)
      driver.device.exclusively { #expect(driver.device.faults.lines.count == Int(round)) }
    }
    begin(driver)
    driver.offerFrame(0)
    driver.kick(NetDriver.transmit)
    drain(driver, NetDriver.transmit)
    #expect(driver.packets.transmitted == 81)
  }
}
