import Testing
import VMM

@testable import Virtio

@Suite("Indirect tables")
struct IndirectTests {
  private typealias Entry = Ring.Entry
  private static let table: GuestAddress = 0x80000

  private func ring(size: UInt16 = 8) throws -> (Ring, SplitQueue) {
    let ring = try Ring(size: size)
    let queue = SplitQueue(memory: ring.memory, maximumSize: size)
    queue.setup = ring.setup
    try queue.enable(.indirectDescriptors)
    return (ring, queue)
  }

  private func reference(_ entries: Int, flags: UInt16 = 0) -> Entry {
    Entry(address: Self.table, length: UInt32(16 * entries), flags: Entry.indirect | flags)
  }

  private func buffers(_ count: Int, flags: UInt16 = 0) -> [Entry] {
    (0..<count).map {
      Entry(address: Ring.buffers + GuestAddress(256 * $0), length: UInt32($0 + 1), flags: flags)
    }
  }

  @Test("One descriptor stands for as many buffers as the queue has entries", arguments: [1, 2, 8])
  func table(count: Int) throws {
    let (ring, queue) = try ring()
    ring.describeChain(buffers(count), in: Self.table)
    ring.describe(5, reference(count))
    ring.offer(5)
    #expect(try queue.pop())
    #expect(queue.chain.head == 5)
    #expect(queue.chain.readableCount == count * (count + 1) / 2)
  }

  @Test(
    "Buffers in the queue may come before a table; WRITE on the descriptor of the table means nothing",
    arguments: [0, 2])
  func behindBuffers(flags: UInt16) throws {
    let (ring, queue) = try ring()
    ring.describeChain(buffers(1) + buffers(2, flags: Entry.write), in: Self.table)
    ring.describeChain([Entry(length: 10), Entry(length: 20), reference(3, flags: flags)])
    ring.offer(0)
    #expect(try queue.pop())
    #expect(queue.chain.readableCount == 31)
    #expect(queue.chain.writableCount == 3)
  }

  @Test("Entries may follow in any order, and a table may have more than are used")
  func order() throws {
    let (ring, queue) = try ring()
    ring.describe(0, Entry(length: 1, flags: Entry.next, next: 30), in: Self.table)
    ring.describe(30, Entry(length: 2, flags: Entry.next, next: 7), in: Self.table)
    ring.describe(7, Entry(length: 4), in: Self.table)
    ring.describe(0, reference(31))
    ring.offer(0)
    #expect(try queue.pop())
    #expect(queue.chain.readableCount == 7)
  }

  private func expect(
    _ error: QueueError, inTable: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
    _ prepare: (Ring) -> Void
  ) throws {
    let (ring, queue) = try ring()
    prepare(ring)
    ring.offer(0)
    for _ in 0..<2 {
      #expect(throws: inTable ? .inTable(descriptor: 0, error) : error, sourceLocation: sourceLocation) {
        try queue.pop()
      }
    }
    #expect(!queue.publish(), sourceLocation: sourceLocation)
  }

  @Test("A table and a next descriptor")
  func next() throws {
    try expect(.indirectWithNext(descriptor: 0), inTable: false) {
      $0.describe(0, reference(1, flags: Entry.next))
    }
  }

  @Test("A length that is no whole number of descriptors", arguments: [0, 1, 15, 17, 24, .max] as [UInt32])
  func length(length: UInt32) throws {
    try expect(.badTableLength(descriptor: 0, length), inTable: false) {
      $0.describe(0, Entry(address: Self.table, length: length, flags: Entry.indirect))
    }
  }

  @Test("A table outside memory", arguments: [0xf_fff8, 1 << 20, 1 << 40, .max - 15] as [GuestAddress])
  func outside(address: GuestAddress) throws {
    try expect(.bufferOutsideMemory(descriptor: 0, at: address, count: 16), inTable: false) {
      $0.describe(0, Entry(address: address, length: 16, flags: Entry.indirect))
    }
  }

  @Test("The largest table that a length can say")
  func largest() throws {
    try expect(.bufferOutsideMemory(descriptor: 0, at: 0, count: 0xffff_fff0), inTable: false) {
      $0.describe(0, Entry(address: 0, length: 0xffff_fff0, flags: Entry.indirect))
    }
  }

  @Test("A table in a table, alone, with a next or behind a buffer", arguments: [0, 1, 2] as [UInt16])
  func nested(flags: UInt16) throws {
    try expect(.nestedTable(entry: 0)) {
      $0.describe(0, reference(1, flags: flags), in: Self.table)
      $0.describe(0, reference(1))
    }
    try expect(.nestedTable(entry: 1)) {
      $0.describeChain([Entry(), reference(1, flags: flags)], in: Self.table)
      $0.describe(0, reference(2))
    }
  }

  @Test("A table that lies in the queue's own descriptors and names itself")
  func itself() throws {
    try expect(.nestedTable(entry: 0)) {
      $0.describe(0, Entry(address: Ring.descriptors, length: 128, flags: Entry.indirect))
    }
  }

  @Test("A next outside the table", arguments: [2, 3, 0x8000, 0xffff] as [UInt16])
  func nextOutside(next: UInt16) throws {
    try expect(.entryOutOfRange(next, count: 2)) {
      $0.describe(0, Entry(flags: Entry.next, next: next), in: Self.table)
      $0.describe(0, reference(2))
    }
  }

  @Test("A loop in a table ends after as many steps as the queue has entries")
  func loop() throws {
    let (ring, queue) = try ring()
    ring.describe(0, Entry(length: 1, flags: Entry.next, next: 0), in: Self.table)
    ring.describe(0, reference(1))
    ring.offer(0)
    #expect(throws: QueueError.inTable(descriptor: 0, .chainTooLong(head: 0, size: 8))) { try queue.pop() }
    #expect(queue.chain.readableCount == 8)
  }

  @Test("More buffers in queue and table together than the queue has entries")
  func tooLong() throws {
    let (ring, queue) = try ring()
    ring.describeChain(buffers(7), in: Self.table)
    ring.describeChain([Entry(length: 1), reference(7)])
    ring.offer(0)
    #expect(try queue.pop())
    ring.describeChain(buffers(8), in: Self.table)
    ring.describeChain([Entry(length: 1), reference(8)])
    ring.offer(0)
    #expect(throws: QueueError.inTable(descriptor: 1, .chainTooLong(head: 0, size: 8))) { try queue.pop() }
  }

  @Test("A readable buffer in a table behind a writable one, and an empty one")
  func rules() throws {
    try expect(.readableAfterWritable(descriptor: 1)) {
      $0.describeChain([Entry(flags: Entry.write), Entry()], in: Self.table)
      $0.describe(0, reference(2))
    }
    try expect(.emptyBuffer(descriptor: 0)) {
      $0.describe(0, Entry(length: 0), in: Self.table)
      $0.describe(0, reference(1))
    }
  }

  @Test(
    "Whatever lies in queue and tables, a pop fails or gives a chain that keeps the rules", arguments: 0..<16)
  func noise(seed: UInt64) throws {
    var numbers = Numbers(state: seed)
    let size: UInt16 = 1 << UInt16.random(in: 0...4, using: &numbers)
    for _ in 0..<300 {
      let (ring, queue) = try ring(size: size)
      for index in 0..<size {
        let isTable = Bool.random(using: &numbers)
        let entry = isTable ? reference(.random(in: 0...20, using: &numbers)) : randomEntry(size, &numbers)
        ring.describe(index, entry)
      }
      for index: UInt16 in 0..<20 { ring.describe(index, randomEntry(20, &numbers), in: Self.table) }
      for slot in 0..<Int(size) {
        ring.ram.store(UInt16.random(in: 0..<size, using: &numbers), at: Int(Ring.available) + 4 + 2 * slot)
      }
      ring.availableIndex = size
      do throws(QueueError) {
        while try queue.pop() {
          let buffers = queue.chain.withReadable { $0.count } + queue.chain.withWritable { $0.count }
          #expect((1...Int(size)).contains(buffers))
        }
      } catch {}
    }
  }

  private func randomEntry(_ size: UInt16, _ numbers: inout Numbers) -> Entry {
    var entry = Entry(length: .random(in: 0...64, using: &numbers))
    entry.flags = [0, 1, 1, 2, 3, 4, 5, 7].randomElement(using: &numbers)!
    entry.next = .random(in: 0...size, using: &numbers)
    return entry
  }
}
