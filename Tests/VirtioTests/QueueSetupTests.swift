import Testing
import VMM
import Virtio

@Suite("Setting up a queue")
struct QueueSetupTests {
  private func enable(
    memorySize: UInt64 = 1 << 20, maximumSize: UInt16 = 32768, _ change: (inout QueueSetup) -> Void
  ) throws {
    let ring = try Ring(size: 8, memorySize: memorySize)
    let queue = SplitQueue(memory: ring.memory, maximumSize: maximumSize)
    queue.setup = ring.setup
    change(&queue.setup)
    do {
      try queue.enable()
      #expect(queue.isReady)
    } catch {
      #expect(!queue.isReady)
      throw error
    }
  }

  @Test("every power of two up to the maximum is a size", arguments: (0...10).map { UInt32(1) << $0 })
  func sizes(size: UInt32) throws {
    try enable(maximumSize: 1024) { $0.size = size }
  }

  @Test(
    "no other number is a size",
    arguments: [0, 3, 7, 1023, 1025, 2048, 32768, 65536, 65540, 0x8000_0000, UInt32.max])
  func badSizes(size: UInt32) {
    #expect(throws: QueueError.badSize(size, maximum: 1024)) {
      try enable(maximumSize: 1024) { $0.size = size }
    }
  }

  @Test("the largest size that the specification knows can be had")
  func largest() throws {
    try enable(memorySize: 4 << 20) {
      $0.size = 32768
      $0.descriptorArea = 0x10_0000
      $0.driverArea = 0x20_0000
      $0.deviceArea = 0x30_0000
    }
  }

  @Test("an area off its alignment is refused", arguments: [1, 2, 3, 4, 8, 15] as [GuestAddress])
  func alignment(off: GuestAddress) throws {
    #expect(throws: QueueError.misaligned(.descriptor, at: Ring.descriptors + off, alignment: 16)) {
      try enable { $0.descriptorArea += off }
    }
    if off % 2 != 0 {
      #expect(throws: QueueError.misaligned(.driver, at: Ring.available + off, alignment: 2)) {
        try enable { $0.driverArea += off }
      }
    } else {
      try enable { $0.driverArea += off }
    }
    if off % 4 != 0 {
      #expect(throws: QueueError.misaligned(.device, at: Ring.used + off, alignment: 4)) {
        try enable { $0.deviceArea += off }
      }
    } else {
      try enable { $0.deviceArea += off }
    }
  }

  @Test("an area may end where memory ends, and no further")
  func end() throws {
    let end: GuestAddress = 1 << 20
    // 8 entries: 128, 22 and 70 bytes, and the last two rounded up to their alignment.
    try enable { $0.descriptorArea = end - 128 }
    try enable { $0.driverArea = end - 22 }
    try enable { $0.deviceArea = end - 72 }
    #expect(throws: QueueError.areaOutsideMemory(.descriptor, at: end - 112, count: 128)) {
      try enable { $0.descriptorArea = end - 112 }
    }
    #expect(throws: QueueError.areaOutsideMemory(.driver, at: end - 20, count: 22)) {
      try enable { $0.driverArea = end - 20 }
    }
    #expect(throws: QueueError.areaOutsideMemory(.device, at: end - 68, count: 70)) {
      try enable { $0.deviceArea = end - 68 }
    }
  }

  @Test(
    "an area outside memory is refused",
    arguments: [1 << 20, 0xc000_0000, 0xd000_0000, 1 << 32, 1 << 63, UInt64.max & ~15] as [GuestAddress])
  func outside(address: GuestAddress) {
    #expect(throws: QueueError.areaOutsideMemory(.descriptor, at: address, count: 128)) {
      try enable { $0.descriptorArea = address }
    }
    #expect(throws: QueueError.areaOutsideMemory(.driver, at: address, count: 22)) {
      try enable { $0.driverArea = address }
    }
    #expect(throws: QueueError.areaOutsideMemory(.device, at: address, count: 70)) {
      try enable { $0.deviceArea = address }
    }
  }

  @Test("a queue that is not ready gives nothing, takes nothing and touches nothing")
  func notReady() throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    queue.disable()
    let before = ring.ram.bytes
    #expect(try !queue.pop())
    queue.complete(written: 3)
    #expect(!queue.publish())
    #expect(ring.ram.bytes == before)
  }

  @Test("a queue enabled again starts at index 0")
  func again() throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    #expect(try queue.pop())
    queue.complete(written: 0)
    #expect(queue.publish())
    ring.availableIndex = 0
    try queue.enable()
    #expect(try !queue.pop())
    ring.offer(0)
    #expect(try queue.pop())
    queue.complete(written: 0)
    #expect(queue.publish())
    #expect(ring.usedIndex == 1)
  }
}
