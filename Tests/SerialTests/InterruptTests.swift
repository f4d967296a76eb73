import TestSupport
import Testing

@Suite("UART: interrupts (table IV)")
struct InterruptTests {
  @Test("enabling the THRE interrupt raises it, and reading IIR resets it")
  func enablingRaises() {
    let bench = Bench(enabling: 0x02)
    #expect(bench.isInterrupting)
    #expect(bench[.iirFcr] == 0x02)
    #expect(!bench.isInterrupting)
    #expect(bench[.iirFcr] == 0x01)
  }

  @Test("a bit of IER that stays set does not raise it again, one that is set anew does")
  func togglingRearms() {
    let bench = Bench(enabling: 0x02)
    _ = bench[.iirFcr]
    bench[.ier] = 0x02
    #expect(!bench.isInterrupting)
    bench[.ier] = 0x00
    bench[.ier] = 0x02
    #expect(bench.isInterrupting)
  }

  @Test("each byte written gives a new edge, though its THRE interrupt comes at once")
  func edgePerByte() {
    let bench = Bench(enabling: 0x02)
    #expect(bench.wire.levels == [true])
    bench[.rbrThr] = 1
    #expect(bench.wire.levels == [true, false, true])
    _ = bench[.iirFcr]
    bench[.rbrThr] = 2
    #expect(bench.wire.levels == [true, false, true, false, true])
  }

  @Test("sending with interrupts off does not touch the line")
  func polledSending() {
    let bench = Bench()
    for byte in UInt8(0)..<100 { bench[.rbrThr] = byte }
    #expect(bench.wire.levels.isEmpty)
  }

  @Test("reading IIR resets the THRE interrupt only if that is what it shows")
  func onlyIfSource() {
    let bench = Bench(enabling: 0x03)
    bench.receive([0x41])
    #expect(bench[.iirFcr] == 0x04)
    #expect(bench[.rbrThr] == 0x41)
    #expect(bench.isInterrupting)
    #expect(bench[.iirFcr] == 0x02)
    #expect(bench[.iirFcr] == 0x01)
  }

  @Test("received data stands until RBR is read")
  func receivedData() {
    let bench = Bench(enabling: 0x01)
    bench.receive([0x41])
    #expect(bench[.iirFcr] == 0x04)
    #expect(bench[.iirFcr] == 0x04)
    #expect(bench[.rbrThr] == 0x41)
    #expect(!bench.isInterrupting)
    #expect(bench[.iirFcr] == 0x01)
  }

  @Test("modem status stands until MSR is read")
  func modemStatus() {
    let bench = Bench(enabling: 0x08)
    bench[.mcr] = 0x10
    #expect(bench.isInterrupting)
    #expect(bench[.iirFcr] == 0x00)
    #expect(bench[.msr] == 0x0b)
    #expect(!bench.isInterrupting)
    #expect(bench[.msr] == 0x00)
  }

  @Test("line status stands until LSR is read")
  func lineStatus() {
    let bench = Bench(enabling: 0x04)
    bench[.mcr] = 0x10
    bench[.rbrThr] = 1
    #expect(!bench.isInterrupting)
    bench[.rbrThr] = 2
    #expect(bench[.iirFcr] == 0x06)
    #expect(bench[.lsr] == 0x63)
    #expect(!bench.isInterrupting)
    #expect(bench[.lsr] == 0x61)
  }

  @Test("with all four standing IIR shows them by priority, each as the one before is served")
  func priorities() {
    let bench = Bench(enabling: 0x0f)
    bench[.mcr] = 0x10
    bench[.rbrThr] = 1
    bench[.rbrThr] = 2
    #expect(bench[.iirFcr] == 0x06)
    _ = bench[.lsr]
    #expect(bench[.iirFcr] == 0x04)
    _ = bench[.rbrThr]
    #expect(bench[.iirFcr] == 0x02)
    #expect(bench[.iirFcr] == 0x00)
    _ = bench[.msr]
    #expect(bench[.iirFcr] == 0x01)
    #expect(!bench.isInterrupting)
  }

  @Test("IER lets each cause through alone, and the line is high just when IIR says so")
  func everyMask() {
    for enabled in UInt8(0)...0x0f {
      let bench = Bench()
      bench[.mcr] = 0x10
      bench[.rbrThr] = 1
      bench[.rbrThr] = 2
      bench[.ier] = enabled
      let expected: UInt8 =
        switch enabled {
        case _ where enabled & 4 != 0: 0x06
        case _ where enabled & 1 != 0: 0x04
        case _ where enabled & 2 != 0: 0x02
        case 8: 0x00
        default: 0x01
        }
      #expect(bench.isInterrupting == (enabled != 0))
      #expect(bench[.iirFcr] == expected, "IER \(enabled)")
    }
  }

  @Test("OUT2 does not gate the line, so a kernel that forgets it gets its interrupts")
  func out2() {
    for control in [UInt8(0x00), 0x08] {
      let bench = Bench(enabling: 0x01)
      bench[.mcr] = control
      bench.receive([1])
      #expect(bench.isInterrupting)
    }
  }

  @Test(
    "after random programming the line is high just when IIR shows a cause",
    arguments: 0..<4 as Range<UInt64>)
  func lineFollowsIdentification(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bench = Bench()
    var causes: Set<UInt8> = []
    for _ in 0..<5_000 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: bench.receive([UInt8](repeating: 7, count: Int.random(in: 0..<20, using: &random)))
      case 1: _ = bench[.rbrThr]
      case 2: _ = bench[.lsr]
      case 3: _ = bench[.msr]
      case 4: bench[.rbrThr] = 9
      case 5: bench[.ier] = UInt8.random(in: 0...0x0f, using: &random)
      case 6: bench[.iirFcr] = UInt8.random(in: 0...0xff, using: &random)
      default: bench[.mcr] = UInt8.random(in: 0...0x1f, using: &random)
      }
      let wasInterrupting = bench.isInterrupting
      let identification = bench[.iirFcr] & 0x0f
      causes.insert(identification)
      #expect(wasInterrupting == (identification & 1 == 0))
    }
    #expect(causes == [0x06, 0x04, 0x0c, 0x02, 0x00, 0x01])
  }
}
