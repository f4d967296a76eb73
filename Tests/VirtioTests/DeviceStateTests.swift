import Testing
import VMM
import Virtio

@Suite("Status, negotiation and queues of a device")
struct DeviceStateTests {
  private let ring: Ring
  private let echo: Echo
  private let bus: Bus

  init() throws {
    ring = try Ring(size: 8)
    echo = Echo(memory: ring.memory)
    let line = InterruptLine()
    bus = try Bus(device: VirtioMMIO(device: echo, base: 0xd000_0000, interrupt: line), line: line)
  }

  /// A device that runs, with one queue over the ring: 1 unless the test polls, which is for queue 0.
  private func start(queue: UInt32 = 1) {
    bus.initialise(through: 11)
    bus.setUp(queue, ring.setup)
    bus.write(0x70, 15)
    #expect(bus.faultCount == 0)
    #expect(bus.status == 15)
  }

  @Test("only the steps of a driver change the status", arguments: [0, 1, 3, 11, 15, 129, 139] as [UInt32])
  func transitions(from: UInt32) {
    for value: UInt32 in 1...0x1ff {
      bus.initialise(through: from & 0x7f)
      if from & 0x80 != 0 { bus.write(0x70, from) }
      if from == 3 { bus.accept(1 << 32) }
      #expect(bus.status == from)
      let before = bus.faultCount
      bus.write(0x70, value)
      // The driver may repeat what is there, take the next step, or give up; the device's own bit is ignored.
      // 0 to 8 and 8 to 12 are for an old iPXE; this driver has not written its features then.
      let steps: [UInt32: [UInt32]] = [0: [1, 3], 1: [3], 3: [11], 11: [15]]
      let next = value & ~0x40
      let isStep = next == from || next == from | 0x80 || (steps[from] ?? []).contains(next)
      let allowed = value < 0x100 && isStep
      #expect(bus.status == (allowed ? next : from), "\(from) to \(value)")
      #expect(bus.faultCount == before + (allowed ? 0 : 1))
    }
  }

  @Test("a subset of the features with VERSION_1 is accepted, and nothing else")
  func negotiation() {
    let offered: UInt64 = 1 << 3 | 1 << 28 | 1 << 29 | 1 << 32 | 1 << 40
    for bit: UInt64 in 0..<64 {
      for base: UInt64 in [0, 1 << 32, offered] {
        let wanted = base ^ 1 << bit
        bus.initialise(through: 11, features: wanted)
        let good = wanted & ~offered == 0 && wanted & 1 << 32 != 0
        #expect(bus.status == (good ? 11 : 3), "features \(wanted)")
      }
    }
  }

  @Test("features beyond bit 63 cannot be accepted")
  func featuresBeyond() {
    bus.initialise(through: 3)
    bus.write(0x24, 2)
    bus.write(0x20, 0)
    #expect(bus.faultCount == 0)
    bus.write(0x20, 1)
    #expect(bus.faultCount == 1)
  }

  @Test("features are fixed after FEATURES_OK", arguments: [11, 15] as [UInt32])
  func featuresFixed(status: UInt32) {
    bus.initialise(through: status)
    let before = echo.driverFeatures
    bus.accept(1 << 3)
    #expect(echo.driverFeatures == before)
    #expect(bus.faultCount == 2)
  }

  @Test("queues are not set up before FEATURES_OK", arguments: [1, 3] as [UInt32])
  func queuesEarly(status: UInt32) {
    bus.initialise(through: status)
    bus.setUp(1, ring.setup)
    #expect(bus.read(0x44) == 0)
    #expect(echo.queues[1].setup == QueueSetup())
    #expect(bus.status == status)
    #expect(bus.faultCount == 8)
  }

  @Test("a queue that does not exist is not set up", arguments: [2, 0x10000, .max] as [UInt32])
  func queueUnknown(queue: UInt32) {
    bus.initialise(through: 11)
    bus.setUp(queue, ring.setup)
    bus.write(0x50, queue)
    #expect(bus.status == 11)
    #expect(bus.faultCount == 9)
  }

  @Test("addresses reach the queue in all 64 bits")
  func addresses() {
    bus.initialise(through: 11)
    var setup = QueueSetup()
    setup.size = 0x1_0008
    setup.descriptorArea = 0x1122_3344_5566_7788
    setup.driverArea = 0x99aa_bbcc_ddee_ff00
    setup.deviceArea = 0x0123_4567_89ab_cdef
    bus.setUp(1, setup)
    #expect(echo.queues[1].setup == setup)
    #expect(bus.status == 11 | 64, "and a size of 0x10008 is not taken for 8")
  }

  @Test(
    "registers of a queue in use cannot be changed: the device needs a reset",
    arguments: [0x38, 0x80, 0x84, 0x90, 0x94, 0xa0, 0xa4])
  func queueInUse(offset: Int) {
    for status: UInt32 in [11, 15] {
      bus.initialise(through: 11)
      bus.setUp(1, ring.setup)
      bus.write(0x70, status)
      let before = echo.queues[1].setup
      bus.write(offset, 0x4000)
      #expect(echo.queues[1].setup == before)
      #expect(bus.status == status | 64)
      #expect(bus.interruptStatus == 2)
      #expect(bus.line.isAsserted)
    }
  }

  @Test("after DRIVER_OK a queue can be stopped, but no other set up")
  func queueStopped() {
    start()
    bus.write(0x44, 0)
    #expect(bus.read(0x44) == 0)
    ring.offer(0)
    bus.write(0x50, 1)
    #expect(echo.served.isEmpty)
    #expect(ring.usedIndex == 0)
    bus.write(0x44, 1)
    #expect(bus.read(0x44) == 0)
    #expect(bus.status == 15)
    bus.write(0x38, 8)
    #expect(bus.status == 15 | 64)
  }

  @Test("QueueReady takes 0 and 1", arguments: [2, 3, 0x101, .max] as [UInt32])
  func readyValues(value: UInt32) {
    bus.initialise(through: 11)
    bus.setUp(1, ring.setup)
    for ready: UInt32 in [1, 0] {
      bus.write(0x44, ready)
      let before = bus.faultCount
      bus.write(0x44, value)
      #expect(bus.read(0x44) == ready)
      #expect(bus.faultCount == before + 1)
    }
  }

  @Test("a queue that cannot be is not ready, and the device needs a reset")
  func badQueue() {
    bus.initialise(through: 11)
    var setup = ring.setup
    setup.deviceArea = 0xd000_0000
    bus.setUp(1, setup)
    #expect(bus.read(0x44) == 0)
    #expect(bus.status == 11 | 64)
    #expect(bus.interruptStatus == 2)
    #expect(
      bus.device.faults.lines == ["queue 1: device area of 70 bytes at 0xd0000000 is not in guest memory"])
    bus.write(0x70, 15)
    #expect(bus.status == 15 | 64, "the driver's read-modify-write does not clear the device's bit")
  }

  @Test("a kick has its chains served, one interrupt, and costs a read and a write to acknowledge")
  func kick() {
    start()
    ring.describeChain([Ring.Entry(flags: Ring.Entry.write)])
    for _ in 0..<5 { ring.offer(0) }
    bus.write(0x50, 1)
    #expect(echo.served == [2])
    #expect(ring.usedIndex == 5)
    #expect(ring.usedElement(4) == (0, 64))
    #expect(bus.line.isAsserted)
    #expect(bus.interruptStatus == 1)
    bus.write(0x64, 2)
    #expect(bus.line.isAsserted, "the other bit was acknowledged")
    bus.write(0x64, 1)
    #expect(!bus.line.isAsserted)
    #expect(bus.interruptStatus == 0)
    #expect(bus.device.counters == DeviceCounters(kicks: 1, interrupts: 1))
  }

  @Test("a kick without news is served in silence")
  func spurious() {
    start()
    for _ in 0..<3 { bus.write(0x50, 1) }
    #expect(bus.faultCount == 0)
    #expect(!bus.line.isAsserted)
    #expect(bus.device.counters == DeviceCounters(kicks: 3, interrupts: 0))
  }

  @Test("interrupts that are not acknowledged become one")
  func coalesced() {
    start()
    ring.describeChain([Ring.Entry()])
    for _ in 0..<3 {
      ring.offer(0)
      bus.write(0x50, 1)
    }
    #expect(bus.device.counters.interrupts == 1)
    ring.availableFlags = 1
    bus.write(0x64, 1)
    ring.offer(0)
    bus.write(0x50, 1)
    #expect(!bus.line.isAsserted, "NO_INTERRUPT")
    #expect(ring.usedIndex == 4)
  }

  @Test("no queue is touched before DRIVER_OK, by a kick or a poll")
  func early() {
    bus.initialise(through: 11)
    bus.setUp(0, ring.setup)
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    let before = ring.ram.bytes
    bus.write(0x50, 0)
    bus.device.poll()
    #expect(ring.ram.bytes == before)
    #expect(echo.served.isEmpty)
    #expect(bus.faultCount == 1)
    bus.write(0x70, 15)
    #expect(ring.usedIndex == 1, "the driver may not tell again")
  }

  /// Holds a notification back for a next turn, and then finds that something is wrong.
  private final class Torn: VirtioDevice, @unchecked Sendable {
    init(memory: GuestMemory) {
      super.init(
        name: "torn", type: 42, features: [],
        queues: [8, 8].map { SplitQueue(memory: memory, maximumSize: $0) }, config: [0], configFields: [])
    }

    override func serve(_ queues: UInt64) -> UInt64 {
      let unfinished = work(on: 1) { queue, _ throws(QueueError) in
        guard try queue.pop() else { return .starved }
        queue.complete(written: 0)
        return .full
      }
      return unfinished | work(on: 0) { _, _ throws(QueueError) in throw .emptyBuffer(descriptor: 0) }
    }
  }

  @Test("a device that stops tells first of what it held back")
  func stoppedWhileHolding() throws {
    let line = InterruptLine()
    let device = try VirtioMMIO(device: Torn(memory: ring.memory), base: 0xd000_0000, interrupt: line)
    let bus = Bus(device: device, line: line)
    bus.initialise(through: 11)
    for queue: UInt32 in [0, 1] { bus.setUp(queue, ring.setup) }
    bus.write(0x70, 15)
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    bus.write(0x50, 1)
    #expect(bus.status == 15 | 64 && ring.usedIndex == 1)
    bus.device.poll()
    #expect(bus.interruptStatus == 3)
  }

  @Test("an old iPXE comes up again behind a reset without acknowledging the device")
  func reopening() {
    start()
    bus.write(0x70, 0)
    bus.accept(1 << 32)
    for status: UInt32 in [8, 12] {
      if status == 12 { bus.setUp(1, ring.setup) }
      bus.write(0x70, status)
      #expect(bus.status == status)
    }
    #expect(echo.isLive && bus.faultCount == 0)
  }

  @Test("what clears a queue's addresses behind a reset changes nothing, and is no fault")
  func clearing() {
    bus.setUp(1, ring.setup)
    #expect(echo.queues[1].setup == QueueSetup())
    #expect(bus.faultCount == 1, "to make it ready is one")
  }

  @Test("a malformed chain stops the device with a configuration change; what came before it is returned")
  func malformed() {
    start()
    ring.describeChain([Ring.Entry()])
    ring.describe(1, Ring.Entry(flags: Ring.Entry.next, next: 1))
    ring.offer(0)
    ring.offer(1)
    bus.write(0x50, 1)
    #expect(bus.status == 15 | 64)
    #expect(bus.interruptStatus == 3)
    #expect(ring.usedIndex == 1)
    #expect(bus.device.faults.lines == ["queue 1: chain at descriptor 1 has more than 8 descriptors"])
    bus.write(0x64, 3)
    #expect(!bus.line.isAsserted)
    for _ in 0..<100 { bus.write(0x50, 1) }
    #expect(echo.served == [2], "a stopped device does no more work, however often it is kicked")
    #expect(bus.faultCount == 1)
    #expect(!bus.line.isAsserted)
  }

  @Test("a stopped device stays stopped, also when the driver mends its ring")
  func mended() {
    start(queue: 0)
    ring.describeChain([Ring.Entry(length: 0)])
    ring.offer(0)
    bus.write(0x50, 0)
    #expect(bus.status == 15 | 64)
    ring.describeChain([Ring.Entry()])
    bus.write(0x50, 0)
    bus.device.poll()
    #expect(ring.usedIndex == 0)
    #expect(bus.device.faults.lines == ["queue 0: descriptor 0 has no bytes"])
  }

  @Test("a device given up by its driver does no more work")
  func failed() {
    start(queue: 0)
    bus.write(0x70, 15 | 128)
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    bus.write(0x50, 0)
    bus.device.poll()
    #expect(echo.served.isEmpty)
    #expect(ring.usedIndex == 0)
  }

  @Test("a reset brings back what a driver finds first, from every state")
  func reset() {
    start()
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    ring.offer(9)
    bus.write(0x14, 1)
    bus.write(0x50, 1)
    #expect(bus.status == 15 | 64)
    bus.write(0x70, 0)
    #expect(bus.status == 0)
    #expect(bus.interruptStatus == 0)
    #expect(!bus.line.isAsserted)
    #expect(echo.queues.allSatisfy { !$0.isReady && $0.setup == QueueSetup() })
    #expect(echo.driverFeatures == [])
    #expect(bus.read(0x34) == 64, "queue 0 is selected")
    #expect(bus.read(0x10) == 3 << 28 | 1 << 3, "and the first word of features")

    ring.availableIndex = 0
    ring.describeChain([Ring.Entry()])
    bus.initialise(through: 11)
    bus.setUp(1, ring.setup)
    bus.write(0x70, 15)
    ring.offer(0)
    bus.write(0x50, 1)
    #expect(ring.usedIndex == 1)
    #expect(bus.interruptStatus == 1)
    #expect(bus.device.counters.kicks == 2, "counters are of the whole run")
  }

  @Test("a poll works without a kick and interrupts as one would")
  func poll() {
    start(queue: 0)
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    bus.device.poll()
    #expect(echo.served == [0])
    #expect(ring.usedIndex == 1)
    #expect(bus.line.isAsserted)
    #expect(bus.device.counters == DeviceCounters(kicks: 0, interrupts: 1))
  }
}
