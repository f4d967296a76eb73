import TestSupport
import Testing

@testable import VMM

/// What is counted, against a plain count of the same.
@Suite struct LedgerTests {
  private func ledger() throws -> Ledger {
    var layout = LedgerLayout()
    let map = RegisterMap((0..<10).map { Register("R\($0)", at: $0) })
    let window = Window(.port, base: 0, count: 10, registers: map)
    _ = layout.add(window, of: Device(name: "d", windows: [window]))
    return try Ledger(layout: layout)
  }

  @Test
  func `a line tells exits, items, coalesced writes and ticks apart, and its histogram sums to the exits`()
    throws
  {
    struct Count {
      var exits: UInt64 = 0
      var items: UInt64 = 0
      var coalesced: UInt64 = 0
      var ticks: UInt64 = 0
    }
    let ledger = try ledger()
    var expected: [Int: Count] = [:]
    var random = SplitMix64(seed: 1)
    for _ in 0..<5000 {
      let line = Int.random(in: 0..<ledger.layout.lineCount, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        let items = Int.random(in: 1...4096, using: &random)
        ledger.recordItems(line, items)
        expected[line, default: Count()].items += UInt64(items)
      case 1:
        ledger.recordCoalesced(line)
        expected[line, default: Count()].coalesced += 1
      default:
        let ticks = random.duration()
        ledger.record(line, ticks: ticks)
        expected[line, default: Count()].exits += 1
        expected[line, default: Count()].ticks += UInt64(ticks)
      }
    }
    for line in 0..<ledger.layout.lineCount {
      let tally = ledger.tally(ofLine: line)
      let count = expected[line] ?? Count()
      #expect(tally.exits == count.exits)
      #expect(tally.items == count.items)
      #expect(tally.coalesced == count.coalesced)
      #expect(tally.ticks == count.ticks)
      #expect(tally.accesses == count.exits + count.items + count.coalesced)
      #expect(tally.buckets.reduce(0) { $0 + $1.count } == count.exits)
      #expect(ledger.exits[line] == count.exits)
    }
  }

  @Test func `the first 63 unclaimed addresses have lines of their own, the others share one in each space`()
    throws
  {
    let ledger = try ledger()
    var random = SplitMix64(seed: 2)
    var first: [UnclaimedAddress: Int] = [:]
    for _ in 0..<5000 {
      let space = [Window.Space.port, .memory, .msr].randomElement(using: &random)!
      let number = UInt64.random(in: 0..<60, using: &random)
      let address = UnclaimedAddress(space: space, address: number)
      let line = ledger.unclaimedLine(space, number)
      #expect(line == first[address] ?? line)
      first[address] = line
    }
    let shared = LedgerLayout.firstUnclaimedLine
    let own = first.filter { $0.value >= shared + 2 * 3 }
    #expect(own.count == 63)
    #expect(Set(own.values) == Set((3..<66).map { shared + 2 * $0 }))
    for (address, line) in first where own[address] == nil {
      #expect(line == shared + 2 * Int(address.space.rawValue))
    }
    // What the report reads is what the run loop was told.
    #expect(ledger.unclaimedLines.count == 66)
    for (address, line) in ledger.unclaimedLines {
      #expect(line == own[address] ?? shared + 2 * Int(address.space.rawValue))
      #expect((address.address == nil) == (own[address] == nil))
    }
  }

  @Test func `a reason that KVM adds later has the last line and a name`() {
    #expect(ExitReason.io.line == 2)
    #expect(ExitReason(62 as UInt32).line == 62)
    #expect(ExitReason(63 as UInt32).line == 63)
    #expect(ExitReason(UInt32.max).line == 63)
    #expect(ExitReason(77 as UInt32).name == "exit_77")
    #expect(ExitReason.irqWindowOpen.name == "irq_window_open")
  }
}
