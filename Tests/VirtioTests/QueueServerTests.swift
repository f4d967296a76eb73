import TestSupport
import Testing
import VMM

@testable import Virtio

@Suite("Queues that a thread serves")
struct QueueServerTests {
  @Test(
    "No notification gets lost between a driver and who serves it, either way",
    arguments: QueueService.allCases, [false, true])
  func traffic(service: QueueService, eventIndex: Bool) throws {
    let traffic = try Traffic(service, eventIndex: eventIndex)
    try expectDelivery(of: 100_000, by: traffic, service)
    #expect(traffic.sleeps > 0 || service == .vcpu)
  }

  @Test(
    "Nor does one that is a write which wakes the thread",
    arguments: [QueueService.thread, .adaptive, .poll],
    [false, true])
  func written(service: QueueService, eventIndex: Bool) throws {
    for size: UInt16 in [1, 8] {
      let traffic = try Traffic(service, ioeventfd: false, eventIndex: eventIndex, size: size)
      #expect(traffic.bus.device.windows[0].doorbells.isEmpty)
      try expectDelivery(of: 20_000, by: traffic, service)
    }
  }

  @Test("One chain at a time, each with an interrupt", arguments: QueueService.allCases, [false, true])
  func latency(service: QueueService, eventIndex: Bool) throws {
    try expectDelivery(of: 20_000, by: Traffic(service, eventIndex: eventIndex, size: 1), service)
  }

  /// Each chain comes back and each notification is counted, from the start of the device to its end.
  private func expectDelivery(of count: Int, by traffic: Traffic, _ service: QueueService) throws {
    try traffic.bus.device.start()
    traffic.initialise()
    #expect(traffic.run(count) == nil)
    traffic.bus.device.stop()
    #expect(traffic.bus.faultCount == 0)
    #expect(traffic.bus.device.counters.kicks == traffic.kicks)
    if service == .poll { #expect(traffic.kicks == 0, "who looks anyway wants no notifications") }
  }

  @Test(
    "Counting the doorbells in the middle of traffic takes no notification away", arguments: [false, true])
  func counting(eventIndex: Bool) throws {
    let traffic = try Traffic(.thread, eventIndex: eventIndex)
    try traffic.bus.device.start()
    traffic.initialise()
    for _ in 0..<2000 {
      traffic.offer(1)
      let kicks = traffic.bus.device.exclusively { traffic.bus.device.counters.kicks }
      #expect(kicks == traffic.kicks)
      #expect(traffic.run(1) == nil)
    }
    traffic.bus.device.stop()
  }

  @Test(
    "A reset in the middle of traffic ends all access to the rings, and the device works again",
    arguments: [QueueService.thread, .adaptive, .poll], [false, true])
  func reset(service: QueueService, eventIndex: Bool) throws {
    let traffic = try Traffic(service, eventIndex: eventIndex)
    try traffic.bus.device.start()
    for round in 0..<300 {
      traffic.initialise()
      #expect(traffic.run(round % 50) == nil)
      traffic.offer(8)
      if round % 2 == 0 { traffic.bus.write(0x70, 0) } else { traffic.bus.disable(Traffic.queue) }
      let before = traffic.ring.ram.slice(0, 0x30000)!.bytes
      traffic.kick()
      // Whatever the thread still does, it does with the gate closed.
      for _ in 0..<20 { _ = traffic.bus.status }
      let isUntouched = traffic.ring.ram.slice(0, 0x30000)!.bytes == before
      #expect(isUntouched)
    }
    traffic.initialise()
    #expect(traffic.run(1000) == nil)
    traffic.bus.device.stop()
  }

  @Test(
    "A malformed chain stops the device with an interrupt",
    arguments: [QueueService.thread, .adaptive, .poll])
  func malformed(service: QueueService) throws {
    let traffic = try Traffic(service, eventIndex: false)
    try traffic.bus.device.start()
    traffic.initialise()
    traffic.ring.describe(0, Ring.Entry(length: 0))
    traffic.offer(1)
    while traffic.bus.status & 64 == 0 {}
    #expect(traffic.bus.interruptStatus == 2)
    #expect(traffic.bus.device.faults.lines == ["queue 1: descriptor 0 has no bytes"])
    for _ in 0..<100 { traffic.kick() }
    traffic.bus.device.stop()
    #expect(traffic.ring.usedIndex == 0)
  }

  /// A device that always has more to do.
  private final class Restless: VirtioDevice, @unchecked Sendable {
    var turns = 0

    init(memory: GuestMemory) {
      super.init(
        name: "restless", type: 42, features: [], queues: [SplitQueue(memory: memory, maximumSize: 8)],
        config: [0], configFields: [])
    }

    override func serve(_ queues: UInt64) -> UInt64 {
      turns += 1
      return 1
    }
  }

  @Test(
    "vCPUs come to the registers of a device that is never at rest, and it stops",
    arguments: [QueueService.thread, .adaptive, .poll])
  func fairness(service: QueueService) throws {
    let memory = try GuestMemory(size: 1 << 20)
    let device = Restless(memory: memory)
    let line = InterruptLine()
    let transport = try VirtioMMIO(device: device, base: 0xd000_0000, interrupt: line, service: service)
    try transport.start()
    Bus(device: transport, line: line).initialise(through: 15)
    onThreads(2) { _ in
      let bus = Bus(device: transport, line: line)
      for _ in 0..<5000 where bus.status != 15 { Issue.record("status \(bus.status)") }
    }
    transport.stop()
    #expect(device.turns > 0)
  }

  @Test(
    "A thread that was never started stops, and one that stopped stops again",
    arguments: QueueService.allCases)
  func stopping(service: QueueService) throws {
    let traffic = try Traffic(service, eventIndex: true)
    traffic.bus.device.stop()
    let other = try Traffic(service, eventIndex: true)
    try other.bus.device.start()
    other.bus.device.stop()
    other.bus.device.stop()
  }

  @Test("Where there are no doorbells, a write of QueueNotify wakes the thread")
  func notifyWrite() throws {
    let traffic = try Traffic(.thread, eventIndex: false)
    try traffic.bus.device.start()
    traffic.initialise()
    traffic.ring.offer(0)
    traffic.bus.write(0x50, 1)
    while traffic.ring.usedIndex == 0 {}
    traffic.bus.write(0x50, 7)
    #expect(traffic.bus.device.faults.lines == ["there is no queue 7 to notify"])
    traffic.bus.device.stop()
    #expect(traffic.bus.device.counters.kicks == 2)
  }

  @Test("Doorbells answer the writes of a queue's own number to QueueNotify")
  func doorbells() throws {
    let traffic = try Traffic(.thread, eventIndex: false)
    let doorbells = traffic.bus.device.windows[0].doorbells
    #expect(doorbells.map(\.offset) == [0x50, 0x50])
    #expect(doorbells.map(\.size) == [4, 4])
    #expect(doorbells.map(\.value) == [0, 1])
    #expect(try Traffic(.vcpu, eventIndex: false).bus.device.windows[0].doorbells.isEmpty)
  }

  @Test(
    "Where vCPUs serve, the supervisor waits for the back end while the device is up, and hears of changes")
  func watches() throws {
    let traffic = try Traffic(.vcpu, eventIndex: false)
    let (backend, wakeUp) = (traffic.bus.device.watches[0], traffic.bus.device.watches[1])
    traffic.echo.watched = 77
    #expect(backend.descriptor() == -1)
    #expect(!isReadable(wakeUp.descriptor()))
    traffic.initialise()
    #expect(isReadable(wakeUp.descriptor()), "there is another descriptor now")
    #expect(backend.descriptor() == 77)
    wakeUp.serve()
    #expect(!isReadable(wakeUp.descriptor()))
    #expect(traffic.echo.served == [0])
    traffic.echo.watched = -1
    traffic.bus.write(0x50, 1)
    #expect(isReadable(wakeUp.descriptor()))
    #expect(backend.descriptor() == -1)
    #expect(try Traffic(.thread, eventIndex: false).bus.device.watches.isEmpty)
  }

  private func isReadable(_ descriptor: Int32) -> Bool {
    // Readable already, so this does not sleep: the second is, always.
    guard let other = try? WakeUp() else { return false }
    other.signal()
    var waits = WaitSet([descriptor, other.number])
    waits.wait()
    return waits.isReady(0)
  }
}
