import Testing
import VMM

@testable import Virtio

@Suite("A split queue with a driver that keeps the rules")
struct SplitQueueTests {
  @Test(
    "every chain comes once and in order, through all 65536 indices and beyond",
    arguments: [1, 2, 4, 8] as [UInt16])
  func wrap(size: UInt16) throws {
    let ring = try Ring(size: size)
    let queue = try ring.queue()
    for index in 0..<size { ring.describe(index, Ring.Entry(length: UInt32(index) + 1)) }
    var numbers = Numbers(state: UInt64(size))
    var offered = 0
    var taken = 0
    while taken < 70_000 {
      let count = Int.random(in: 0...Int(size), using: &numbers)
      for _ in 0..<count {
        ring.offer(UInt16(offered % Int(size)))
        offered += 1
      }
      while try queue.pop() {
        guard queue.chain.head == UInt16(taken % Int(size)) else {
          Issue.record("chain \(taken) has head \(queue.chain.head)")
          return
        }
        queue.complete(written: taken)
        taken += 1
      }
      guard taken == offered, queue.publish() == (count > 0), ring.usedIndex == UInt16(taken & 0xffff) else {
        Issue.record("offered \(offered), taken \(taken), used index \(ring.usedIndex)")
        return
      }
      if count > 0 {
        let last = ring.usedElement(UInt16((taken - 1) & 0xffff))
        #expect(last.id == UInt32((taken - 1) % Int(size)) && last.length == UInt32(taken - 1))
      }
    }
  }

  @Test(
    "an index is taken exactly if plain counting says so, for every pair of distances",
    arguments: [1, 2, 4, 8])
  func indexPairs(size: UInt16) {
    // All 65536 values of the new index, for each number of chains that can be in the device.
    for inDevice in 0...size {
      for distance in 0...UInt16.max {
        let expected = distance >= inDevice && distance <= size
        for published: UInt16 in [0, 0x7fff, 0xfff9, 0xffff] {
          let index = published &+ distance
          let next = published &+ inDevice
          let may = SplitQueue.mayMove(next, to: index, published: published, size: size)
          guard may == expected else {
            Issue.record("size \(size), published \(published), in device \(inDevice), new index \(index)")
            return
          }
        }
      }
    }
  }

  @Test("what an index may become does not depend on where the wrap is", arguments: [1, 8, 32768])
  func indexBases(size: UInt16) {
    for published in 0...UInt16.max {
      let may = { (step: UInt16) in
        SplitQueue.mayMove(published, to: published &+ step, published: published, size: size)
      }
      guard may(0), may(1), may(size), !may(size &+ 1), !may(.max) else {
        Issue.record("size \(size), published \(published)")
        return
      }
    }
  }

  @Test("completing and publishing change one used element and the used index, nothing else")
  func onlyUsed() throws {
    let ring = try Ring(size: 4)
    let queue = try ring.queue()
    ring.describeChain([Ring.Entry(), Ring.Entry(address: Ring.buffers + 64, flags: Ring.Entry.write)])
    for round in 0..<9 {
      ring.offer(0)
      #expect(try queue.pop())
      var expected = ring.ram.bytes
      let element = Int(Ring.used) + 4 + 8 * (round % 4)
      expected.replaceSubrange(element..<(element + 8), with: [0, 0, 0, 0, UInt8(round), 0x55, 0, 0])
      queue.complete(written: round | 0x5500)
      #expect(ring.ram.bytes == expected, "the driver sees no index before the batch is over")
      #expect(queue.publish())
      expected[Int(Ring.used) + 2] = UInt8(round + 1)
      #expect(ring.ram.bytes == expected)
    }
  }

  @Test("a batch is published once, and a second time there is nothing to tell")
  func batch() throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.describeChain([Ring.Entry()])
    for _ in 0..<8 { ring.offer(0) }
    var taken = 0
    while try queue.pop() {
      queue.complete(written: 0)
      taken += 1
      #expect(ring.usedIndex == 0)
    }
    #expect(taken == 8)
    #expect(queue.publish())
    #expect(ring.usedIndex == 8)
    #expect(!queue.publish())
  }

  @Test(
    "NO_INTERRUPT keeps the device silent, and only that bit does", arguments: [0, 1, 2, 3, 0xfffe, 0xffff])
  func suppression(flags: UInt16) throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    ring.describeChain([Ring.Entry()])
    ring.offer(0)
    ring.availableFlags = flags
    #expect(try queue.pop())
    queue.complete(written: 0)
    #expect(queue.publish() == (flags & 1 == 0))
    #expect(ring.usedIndex == 1)
  }

  @Test("a chain given back comes again")
  func undo() throws {
    let ring = try Ring(size: 4)
    let queue = try ring.queue()
    for index: UInt16 in 0..<4 { ring.describe(index, Ring.Entry()) }
    for head: UInt16 in [2, 1] { ring.offer(head) }
    #expect(try queue.pop())
    queue.undoPop()
    #expect(try queue.pop())
    #expect(queue.chain.head == 2)
    #expect(try queue.pop())
    #expect(queue.chain.head == 1)
    queue.undoPop()
    #expect(try queue.pop())
    #expect(queue.chain.head == 1)
    #expect(try !queue.pop())
  }

  @Test("chains as long as the queue and buffers up to the last byte of memory are in order")
  func limits() throws {
    let ring = try Ring(size: 8)
    let queue = try ring.queue()
    let end: GuestAddress = 1 << 20
    ring.describeChain((0..<8).map { Ring.Entry(address: end - 1 - $0, length: UInt32($0) + 1) })
    ring.offer(0)
    #expect(try queue.pop())
    #expect(queue.chain.readableCount == 36)
    #expect(queue.chain.writableCount == 0)
  }
}
