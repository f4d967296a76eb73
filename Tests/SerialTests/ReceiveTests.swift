import TestSupport
import Testing

@Suite("UART: receiver and FIFOs")
struct ReceiveTests {
  @Test("without FIFOs it takes one byte at a time, and the host keeps the rest")
  func sixteen450() {
    let bench = Bench()
    #expect(bench.receive([1, 2, 3]) == 1)
    #expect(bench.receive([2, 3]) == 0)
    #expect(bench.roomsAnnounced == 0)
    #expect(bench[.lsr] & 0x01 != 0)
    #expect(bench[.rbrThr] == 1)
    #expect(bench[.lsr] & 0x01 == 0)
    #expect(bench.roomsAnnounced == 1)
  }

  @Test(
    "every sequence arrives whole and in order, in either mode, however the host parts it",
    arguments: [0, 1], 0..<4 as Range<UInt64>)
  func everythingArrives(fifoControl: UInt8, seed: UInt64) {
    let bench = Bench(fifoControl: fifoControl)
    var random = SplitMix64(seed: seed)
    let text = (0..<2_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    var rest = text[...]
    var got: [UInt8] = []
    while got.count < text.count {
      rest = rest.dropFirst(bench.receive([UInt8](rest.prefix(Int.random(in: 0...40, using: &random)))))
      for _ in 0..<Int.random(in: 0...20, using: &random) where bench[.lsr] & 0x01 != 0 {
        got.append(bench[.rbrThr])
      }
    }
    #expect(got == text)
    #expect(bench[.lsr] == 0x60)
  }

  @Test("the host is told of room once, and only if it had to keep something")
  func roomForInput() {
    let bench = Bench(fifoControl: 0x01)
    bench.receive([UInt8](repeating: 0, count: 16))
    _ = bench.drain()
    #expect(bench.roomsAnnounced == 0)
    #expect(bench.receive([UInt8](repeating: 0, count: 17)) == 16)
    _ = bench[.rbrThr]
    #expect(bench.roomsAnnounced == 0)
    _ = bench.drain()
    _ = bench[.rbrThr]
    #expect(bench.roomsAnnounced == 1)
  }

  @Test("a FIFO reset makes room, too")
  func resetMakesRoom() {
    let bench = Bench(fifoControl: 0x01)
    bench.receive([UInt8](repeating: 0, count: 17))
    bench[.iirFcr] = 0x03
    #expect(bench.roomsAnnounced == 1)
    #expect(bench[.lsr] & 0x01 == 0)
  }

  @Test(
    "received data is shown from the trigger level on, and below it the character time-out at once",
    arguments: [(0x00, 1), (0x40, 4), (0x80, 8), (0xc0, 14)] as [(UInt8, Int)])
  func triggerLevels(bits: UInt8, level: Int) {
    let bench = Bench(enabling: 0x01, fifoControl: bits | 0x01)
    for count in 1...16 {
      #expect(bench.receive([0]) == 1)
      #expect(bench.isInterrupting)
      #expect(bench[.iirFcr] == (count < level ? 0xcc : 0xc4), "\(count) bytes")
    }
    #expect(bench.receive([0]) == 0)
    for count in (0..<16).reversed() {
      _ = bench[.rbrThr]
      #expect(bench[.iirFcr] == (count == 0 ? 0xc1 : count < level ? 0xcc : 0xc4), "\(count) bytes")
    }
    #expect(!bench.isInterrupting)
  }

  @Test("a guest that reads one byte per edge gets them all, as the time-out falls and comes again")
  func oneBytePerEdge() {
    let bench = Bench(enabling: 0x01, fifoControl: 0xc1)
    bench.receive([1, 2, 3])
    var got: [UInt8] = []
    var seen = 0
    while bench.wire.levels[seen...].contains(true) {
      seen = bench.wire.levels.count
      got.append(bench[.rbrThr])
    }
    #expect(got == [1, 2, 3])
  }

  @Test("reading down to the trigger level leaves the line high: the data sheet has no edge there")
  func noEdgeAboveTrigger() {
    let bench = Bench(enabling: 0x01, fifoControl: 0x41)
    bench.receive([UInt8](repeating: 0, count: 8))
    for _ in 0..<4 { _ = bench[.rbrThr] }
    #expect(bench.wire.levels == [true])
    _ = bench[.rbrThr]
    #expect(bench.wire.levels == [true, false, true])
  }

  @Test("IIR says whether the FIFOs are on")
  func fifoBits() {
    let bench = Bench()
    #expect(bench[.iirFcr] & 0xc0 == 0)
    bench[.iirFcr] = 0x01
    #expect(bench[.iirFcr] & 0xc0 == 0xc0)
    bench[.iirFcr] = 0x00
    #expect(bench[.iirFcr] & 0xc0 == 0)
  }

  @Test("changing the mode clears the FIFO; without the enable bit the other bits do nothing")
  func modeChange() {
    let bench = Bench()
    bench.receive([1])
    bench[.iirFcr] = 0xc2
    #expect(bench[.lsr] & 0x01 != 0)
    bench[.iirFcr] = 0x01
    #expect(bench[.lsr] & 0x01 == 0)
    bench.receive([1, 2])
    bench[.iirFcr] = 0x01
    #expect(bench[.lsr] & 0x01 != 0)
    bench[.iirFcr] = 0x00
    #expect(bench[.lsr] & 0x01 == 0)
  }

  @Test("a change of the mode makes the transmitter interrupt immediate")
  func modeChangeInterrupts() {
    let bench = Bench(enabling: 0x02)
    _ = bench[.iirFcr]
    #expect(!bench.isInterrupting)
    bench[.iirFcr] = 0x01
    #expect(bench[.iirFcr] == 0xc2)
  }
}
