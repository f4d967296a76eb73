import Testing
import VMM
import Virtio

/// Each rule that a driver can break, broken.
@Suite("A split queue with a hostile driver")
struct HostileDriverTests {
  private typealias Entry = Ring.Entry

  private func expect(
    _ error: QueueError, size: UInt16 = 8, memorySize: UInt64 = 1 << 20,
    sourceLocation: SourceLocation = #_sourceLocation, _ prepare: (Ring) -> Void
  ) throws {
    let ring = try Ring(size: size, memorySize: memorySize)
    let queue = try ring.queue()
    prepare(ring)
    // Twice, for an error must neither go away nor wear the queue out.
    for _ in 0..<2 {
      #expect(throws: error, sourceLocation: sourceLocation) { try queue.pop() }
    }
    #expect(!queue.publish(), "nothing was completed", sourceLocation: sourceLocation)
    #expect(ring.usedIndex == 0, sourceLocation: sourceLocation)
  }

  @Test("a descriptor that follows itself", arguments: [1, 2, 8, 1024] as [UInt16])
  func selfLoop(size: UInt16) throws {
    try expect(.chainTooLong(head: 0, size: size), size: size) { ring in
      ring.describe(0, Entry(flags: Entry.next, next: 0))
      ring.offer(0)
    }
  }

  @Test("a loop over all descriptors", arguments: [2, 8, 1024] as [UInt16])
  func longLoop(size: UInt16) throws {
    try expect(.chainTooLong(head: size - 1, size: size), size: size) { ring in
      for index in 0..<size {
        ring.describe(index, Entry(flags: Entry.next | Entry.write, next: (index + 1) % size))
      }
      ring.offer(size - 1)
    }
  }

  @Test(
    "a loop costs as many descriptors as the queue has, and no more",
    arguments: [1, 2, 8, 1024] as [UInt16])
  func loopIsBounded(size: UInt16) throws {
    let ring = try Ring(size: size)
    let queue = try ring.queue()
    ring.describe(0, Entry(length: 1, flags: Entry.next, next: 0))
    ring.offer(0)
    #expect(throws: QueueError.self) { try queue.pop() }
    // Each descriptor that was followed left a byte in the chain.
    #expect(queue.chain.readableCount == Int(size))
  }

  @Test("a head outside the queue", arguments: [8, 9, 0x8000, 0xffff] as [UInt16])
  func headOutside(head: UInt16) throws {
    try expect(.descriptorOutOfRange(head, size: 8)) { $0.offer(head) }
  }

  @Test("a next outside the queue", arguments: [8, 9, 0x8000, 0xffff] as [UInt16])
  func nextOutside(next: UInt16) throws {
    try expect(.descriptorOutOfRange(next, size: 8)) { ring in
      ring.describe(3, Entry(flags: Entry.next, next: next))
      ring.offer(3)
    }
  }

  @Test(
    "a buffer outside memory",
    arguments: [1 << 20, 0xbfff_ffff, 0xc000_0000, 0xd000_0050, 1 << 32, 1 << 63, .max] as [GuestAddress])
  func bufferOutside(address: GuestAddress) throws {
    try expect(.bufferOutsideMemory(descriptor: 0, at: address, count: 1)) { ring in
      ring.describe(0, Entry(address: address, length: 1))
      ring.offer(0)
    }
  }

  @Test(
    "a buffer across the end of memory",
    arguments: [
      (0xf_ffff, 2), (0xf_fff0, 17), (0, 0x10_0001), (0, .max), (0xf_ffff, .max),
    ] as [(GuestAddress, UInt32)])
  func bufferAcross(address: GuestAddress, length: UInt32) throws {
    try expect(.bufferOutsideMemory(descriptor: 0, at: address, count: length)) { ring in
      ring.describe(0, Entry(address: address, length: length))
      ring.offer(0)
    }
  }

  @Test("a buffer across the hole, with memory on both sides")
  func bufferAcrossHole() throws {
    try expect(.bufferOutsideMemory(descriptor: 0, at: 0xbfff_fff0, count: 32), memorySize: 4 << 30) { ring in
      ring.describe(0, Entry(address: 0xbfff_fff0, length: 32))
      ring.offer(0)
    }
  }

  @Test("an address and a length that overflow together", arguments: [1, 64, 0x8000_0000, .max] as [UInt32])
  func overflow(length: UInt32) throws {
    let address = 0 &- GuestAddress(length)
    try expect(.bufferOutsideMemory(descriptor: 0, at: address, count: length)) { ring in
      ring.describe(0, Entry(address: address, length: length))
      ring.offer(0)
    }
  }

  @Test("a buffer without bytes, first or later in a chain")
  func empty() throws {
    try expect(.emptyBuffer(descriptor: 0)) { ring in
      ring.describe(0, Entry(length: 0))
      ring.offer(0)
    }
    try expect(.emptyBuffer(descriptor: 1)) { ring in
      ring.describeChain([Entry(), Entry(length: 0)])
      ring.offer(0)
    }
  }

  @Test("a chain of more than 2^32 bytes")
  func tooLarge() throws {
    let gigabyte: UInt32 = 1 << 30
    try expect(.chainTooLarge(head: 0, bytes: 5 << 30), memorySize: 2 << 30) { ring in
      ring.describeChain(Array(repeating: Entry(address: 0, length: gigabyte), count: 5))
      ring.offer(0)
    }
  }

  @Test("an indirect table that was not negotiated, alone, with NEXT, or behind a buffer")
  func indirect() throws {
    for flags in [Entry.indirect, Entry.indirect | Entry.next, Entry.indirect | Entry.write] {
      try expect(.indirectNotNegotiated(descriptor: 0)) { ring in
        ring.describe(0, Entry(length: 16, flags: flags))
        ring.offer(0)
      }
      try expect(.indirectNotNegotiated(descriptor: 1)) { ring in
        ring.describeChain([Entry(), Entry(length: 16, flags: flags)])
        ring.offer(0)
      }
    }
  }

  @Test("a readable buffer behind a writable one")
  func order() throws {
    try expect(.readableAfterWritable(descriptor: 2)) { ring in
      ring.describeChain([Entry(), Entry(flags: Entry.write), Entry()])
      ring.offer(0)
    }
  }

  @Test(
    "an available index that jumps by more than the queue size",
    arguments: [9, 10, 0x7fff, 0x8000, 0xffff] as [UInt16])
  func jump(index: UInt16) throws {
    try expect(.availableIndexJumped(from: 0, to: index, size: 8)) { $0.availableIndex = index }
  }

  @Test("an available index that goes backwards", arguments: [1, 2, 8, 9, 0x7fff] as [UInt16])
  func backwards(step: UInt16) throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.describeChain([Entry()])
    for _ in 0..<3 { ring.offer(0) }
    while try queue.pop() { queue.complete(written: 0) }
    ring.availableIndex = 3 &- step
    #expect(throws: QueueError.availableIndexJumped(from: 3, to: 3 &- step, size: 8)) { try queue.pop() }
    // Published or not makes no difference.
    #expect(queue.publish())
    #expect(throws: QueueError.availableIndexJumped(from: 3, to: 3 &- step, size: 8)) { try queue.pop() }
  }

  @Test("a driver that adds chains faster than they are returned is stopped at the queue size")
  func flood() throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.describeChain([Entry()])
    ring.offer(0)
    var taken = 0
    #expect(throws: QueueError.availableIndexJumped(from: 8, to: 9, size: 8)) {
      while try queue.pop() {
        queue.complete(written: 0)
        taken += 1
        ring.offer(0)
      }
    }
    #expect(taken == 8)
    #expect(queue.publish())
    #expect(ring.usedIndex == 8)
  }

  @Test("a descriptor changed after it was taken changes nothing")
  func changedLater() throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.ram.store(UInt32(0x1122_3344), at: Int(Ring.buffers))
    ring.describeChain([Entry(length: 4)])
    ring.offer(0)
    #expect(try queue.pop())
    ring.describe(0, Entry(address: .max, length: .max, flags: 7, next: .max))
    #expect(queue.chain.readable == [0x44, 0x33, 0x22, 0x11])
  }

  @Test("whatever lies in the rings, a pop fails or gives a chain that keeps the rules", arguments: 0..<32)
  func noise(seed: UInt64) throws {
    var numbers = Numbers(state: seed)
    let size: UInt16 = 1 << UInt16.random(in: 0...4, using: &numbers)
    let ring = try Ring(size: size)
    for _ in 0..<500 {
      let queue = try ring.queue()
      for index in 0..<size { ring.describe(index, randomEntry(size, &numbers)) }
      for slot in 0..<Int(size) {
        let head = UInt16.random(in: 0...size, using: &numbers)
        ring.ram.store(head, at: Int(Ring.available) + 4 + 2 * slot)
      }
      ring.availableIndex = .random(in: 0...(size + 1), using: &numbers)
      var taken = 0
      do throws(QueueError) {
        while try queue.pop() {
          taken += 1
          let chain = queue.chain
          #expect(chain.head < size)
          #expect(chain.readableCount + chain.writableCount > 0)
          let readable = chain.readableCount
          #expect(chain.readable.count == readable)
          var writable = 0
          chain.withWritable { buffers in
            for index in buffers.indices { writable += buffers[index].count }
            #expect(buffers.count <= Int(size))
          }
          #expect(writable == chain.writableCount)
        }
      } catch {}
      #expect(taken <= Int(size))
    }
  }

  /// Mostly in order, so that chains get long before they go wrong.
  private func randomEntry(_ size: UInt16, _ numbers: inout Numbers) -> Entry {
    var entry = Entry()
    entry.address = .random(in: 0..<0xf_f000, using: &numbers)
    entry.length = .random(in: 1...4096, using: &numbers)
    entry.flags = Bool.random(using: &numbers) ? Entry.next : 0
    if UInt8.random(in: 0..<4, using: &numbers) == 0 { entry.flags |= Entry.write }
    entry.next = .random(in: 0..<size, using: &numbers)
    switch UInt8.random(in: 0..<40, using: &numbers) {
    case 0: entry.address = .random(in: 0...(.max), using: &numbers)
    case 1: entry.length = .random(in: 0...(.max), using: &numbers)
    case 2: entry.flags = .random(in: 0...(.max), using: &numbers)
    case 3: entry.next = .random(in: 0...(.max), using: &numbers)
    default: break
    }
    return entry
  }
}
