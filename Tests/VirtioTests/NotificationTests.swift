import Testing
import VMM

@testable import Virtio

@Suite("Who of driver and device wants to hear from the other")
struct NotificationTests {
  private func ring(size: UInt16 = 8, _ features: VirtioFeatures) throws -> (Ring, SplitQueue) {
    let ring = try Ring(size: size)
    let queue = SplitQueue(memory: ring.memory, maximumSize: size)
    queue.setup = ring.setup
    try queue.enable(features)
    ring.describeChain([Ring.Entry()])
    return (ring, queue)
  }

  @Test(
    "An event is crossed exactly if counting from the old index to the new one meets it, for all pairs of indices",
    arguments: [0, 1, 2, 0x7fff, 0x8000, 0xfffe, 0xffff] as [UInt16])
  func crossing(event: UInt16) {
    // Entry e is there once the index is e + 1: so the new index has passed the event if it took the step from e to
    // e + 1. Of each old index all new ones, by one step after the other.
    for old in stride(from: 0, through: 65535, by: 16381).map({ UInt16($0) }) + [
      event, event &+ 1, event &- 1,
    ] {
      var passed = false
      var new = old
      for _ in 0..<65535 {
        passed = passed || new == event
        new &+= 1
        guard SplitQueue.crosses(event, from: old, to: new) == passed else {
          Issue.record("event \(event), from \(old) to \(new)")
          return
        }
      }
    }
  }

  @Test(
    "An event is crossed from every index by steps longer than its distance",
    arguments: [0, 1, 0x7fff, 0xffff] as [UInt16])
  func distances(event: UInt16) {
    for old in 0...65535 {
      let distance = (Int(event) - old + 65536) % 65536
      for step in [1, 2, 7, 8, 1024, 32768, 65535] {
        let new = UInt16((old + step) % 65536)
        guard SplitQueue.crosses(event, from: UInt16(old), to: new) == (distance < step) else {
          Issue.record("event \(event), from \(old) by \(step)")
          return
        }
      }
    }
  }

  @Test("No step crosses no event", arguments: [0, 1, 0x8000, 0xffff] as [UInt16])
  func noStep(index: UInt16) {
    for event in 0...UInt16.max { #expect(!SplitQueue.crosses(event, from: index, to: index)) }
  }

  @Test(
    "With EVENT_IDX the device notifies when used_event is passed, through all indices", arguments: [1, 4, 8])
  func usedEvent(size: UInt16) throws {
    let (ring, queue) = try ring(size: size, .eventIndex)
    // The flag means nothing then (section 2.7.7.1).
    ring.availableFlags = 1
    var numbers = Numbers(state: UInt64(size))
    var used: UInt16 = 0
    for _ in 0..<40_000 {
      let count = UInt16.random(in: 1...size, using: &numbers)
      for _ in 0..<count { ring.offer(0) }
      let event = used &+ UInt16.random(in: 0...(2 * size), using: &numbers) &- size
      ring.usedEvent = event
      while try queue.pop() { queue.complete(written: 0) }
      let wanted = (0..<count).contains { used &+ $0 == event }
      guard queue.publish() == wanted else {
        Issue.record("from \(used) by \(count), event \(event)")
        return
      }
      used &+= count
    }
  }

  @Test(
    "While more follows, a driver without EVENT_IDX is notified once all that it can have there came back",
    arguments: [1, 4, 8, 1024] as [UInt16])
  func moreFollows(size: UInt16) throws {
    let (ring, queue) = try ring(size: size, [])
    var numbers = Numbers(state: UInt64(size))
    // What came back since the last notification.
    var waiting = 0
    for _ in 0..<40_000 / max(Int(size) / 8, 1) {
      let count = Int.random(in: 0...Int(size), using: &numbers)
      let moreFollows = Bool.random(using: &numbers)
      for _ in 0..<count { ring.offer(0) }
      while try queue.pop() { queue.complete(written: 0) }
      waiting += count
      let wanted = waiting > 0 && (!moreFollows || waiting >= Int(size))
      guard queue.publish(moreFollows: moreFollows) == wanted, ring.usedIndex == ring.availableIndex else {
        Issue.record("\(waiting) came back, \(moreFollows ? "more" : "no more") follows")
        return
      }
      if wanted { waiting = 0 }
    }
  }

  @Test(
    "With EVENT_IDX the driver has said for which chain it waits, whatever follows", arguments: [1, 4, 8])
  func moreFollowsEvent(size: UInt16) throws {
    let (ring, queue) = try ring(size: size, .eventIndex)
    for used in 0..<1000 as Range<UInt16> {
      ring.usedEvent = used & ~3
      ring.offer(0)
      #expect(try queue.pop())
      queue.complete(written: 0)
      #expect(queue.publish(moreFollows: true) == (used & 3 == 0))
    }
  }

  @Test(
    "Asking for notifications writes avail_event, or clears NO_NOTIFY, and nothing else",
    arguments: [true, false])
  func request(usesEvents: Bool) throws {
    let (ring, queue) = try ring(usesEvents ? .eventIndex : [])
    for round: UInt16 in 0..<20 {
      queue.suppressNotifications()
      #expect(ring.usedFlags == (usesEvents ? 0 : 1))
      ring.offer(0)
      #expect(try queue.pop())
      queue.complete(written: 0)
      _ = queue.publish()
      var expected = ring.ram.bytes
      #expect(try !queue.requestNotifications())
      if usesEvents {
        expected[Int(Ring.used) + 4 + 8 * 8] = UInt8(round + 1)
        expected[Int(Ring.used) + 5 + 8 * 8] = 0
      } else {
        expected[Int(Ring.used)] = 0
      }
      let isAsExpected = ring.ram.bytes == expected
      #expect(isAsExpected)
    }
  }

  @Test(
    "Asking for notifications finds what was added meanwhile",
    arguments: [[], .eventIndex] as [VirtioFeatures])
  func recheck(features: VirtioFeatures) throws {
    let (ring, queue) = try ring(features)
    for _ in 0..<3 {
      #expect(try !queue.pop())
      queue.suppressNotifications()
      ring.offer(0)
      #expect(try queue.requestNotifications(), "the driver told nobody of this one")
      #expect(try queue.pop())
      queue.complete(written: 0)
      _ = queue.publish()
      #expect(try !queue.requestNotifications())
    }
  }

  @Test("A chain that is left in the queue is no news", arguments: [[], .eventIndex] as [VirtioFeatures])
  func leftOver(features: VirtioFeatures) throws {
    let (ring, queue) = try ring(features)
    ring.offer(0)
    #expect(try queue.pop())
    queue.undoPop()
    #expect(try !queue.requestNotifications())
    if !features.isEmpty { #expect(ring.availableEvent == 1, "the next chain is what is waited for") }
    ring.offer(0)
    #expect(try queue.requestNotifications())
  }

  @Test("Where silence is asked for, a driver that counts events stays silent through 300 000 chains")
  func silence() throws {
    let (ring, queue) = try ring(.eventIndex)
    queue.suppressNotifications()
    var numbers = Numbers(state: 1)
    var notifications = 0
    for _ in 0..<100_000 {
      let old = ring.availableIndex
      for _ in 0..<UInt16.random(in: 1...5, using: &numbers) { ring.offer(0) }
      if SplitQueue.crosses(ring.availableEvent, from: old, to: ring.availableIndex) { notifications += 1 }
      while try queue.pop() { queue.complete(written: 0) }
      _ = queue.publish()
      queue.suppressNotifications()
    }
    #expect(notifications == 0)
  }

  @Test(
    "An index that jumps while notifications are asked for is found",
    arguments: [[], .eventIndex] as [VirtioFeatures])
  func jump(features: VirtioFeatures) throws {
    let (ring, queue) = try ring(features)
    ring.availableIndex = 9
    #expect(throws: QueueError.availableIndexJumped(from: 0, to: 9, size: 8)) {
      try queue.requestNotifications()
    }
  }

  @Test("A queue that is not ready asks for nothing")
  func notReady() throws {
    let (ring, queue) = try ring(.eventIndex)
    queue.disable()
    let before = ring.ram.bytes
    queue.suppressNotifications()
    #expect(try !queue.requestNotifications())
    #expect(ring.ram.bytes == before)
  }
}
