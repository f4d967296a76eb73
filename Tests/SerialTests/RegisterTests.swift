import TestSupport
import Testing
import VMM

@Suite("UART: registers")
struct RegisterTests {
  @Test("after reset the registers are as table I of the data sheet says")
  func reset() {
    let bench = Bench()
    #expect(bench[.ier] == 0)
    #expect(bench[.iirFcr] == 0x01)
    #expect(bench[.lcr] == 0)
    #expect(bench[.mcr] == 0)
    #expect(bench[.lsr] == 0x60)
    #expect(bench[.msr] & 0x0f == 0)
    #expect(!bench.isInterrupting)
  }

  @Test("each byte written to THR is sent at once and in order, and THR is empty again")
  func transmit() {
    let bench = Bench()
    let text = [UInt8]("Hello, wire".utf8)
    for byte in text {
      bench[.rbrThr] = byte
      #expect(bench[.lsr] & 0x60 == 0x60)
    }
    #expect(bench.sent == text)
  }

  @Test("word length, parity and divisor change no byte: a guest that sets none of them prints")
  func formatIsFree() {
    let bench = Bench()
    for control in UInt8(0)...0x7f {
      bench[.lcr] = control
      bench[.rbrThr] = 0xa5
    }
    #expect(bench.sent == [UInt8](repeating: 0xa5, count: 128))
  }

  @Test("the bits that exist in a register are kept and the others read 0")
  func readBack() {
    let bench = Bench()
    for value in UInt8.min...UInt8.max {
      bench[.scr] = value
      #expect(bench[.scr] == value)
      bench[.ier] = value
      #expect(bench[.ier] == value & 0x0f)
      bench[.mcr] = value
      #expect(bench[.mcr] == value & 0x1f)
      bench[.lcr] = value
      #expect(bench[.lcr] == value)
      bench[.lcr] = 0x03
    }
  }

  @Test("DLAB puts the divisor in the place of RBR, THR and IER and leaves those alone")
  func divisorLatch() {
    let bench = Bench()
    bench[.ier] = 0x05
    bench.receive([0x77])
    bench[.lcr] = 0x83
    bench[.rbrThr] = 0x34
    bench[.ier] = 0x12
    #expect(bench[.rbrThr] == 0x34)
    #expect(bench[.ier] == 0x12)
    bench[.lcr] = 0x03
    #expect(bench.sent.isEmpty)
    #expect(bench[.ier] == 0x05)
    #expect(bench[.rbrThr] == 0x77)
    bench[.lcr] = 0x80
    #expect(bench[.rbrThr] == 0x34)
    #expect(bench[.ier] == 0x12)
  }

  @Test("LSR and MSR take no writes")
  func readOnly() {
    let bench = Bench()
    let before = (bench[.lsr], bench[.msr])
    bench[.lsr] = ~before.0
    bench[.msr] = ~before.1
    #expect((bench[.lsr], bench[.msr]) == before)
  }

  @Test("a wider access is one byte to each register in turn")
  func wideAccess() {
    let bench = Bench()
    bench[.lcr] = 0x80
    bench.uart.write(Access(offset: 0, size: 2), 0x1234)
    #expect(bench[.rbrThr] == 0x34)
    #expect(bench[.ier] == 0x12)
    #expect(bench.uart.read(Access(offset: 0, size: 4)) == 0x8001_1234)
  }

  @Test("names are those of the data sheet, one for each port")
  func names() {
    let window = Bench().uart.windows[0]
    let names = (0..<8).map { window.registers.registers[window.registers.number(at: $0)].name }
    #expect(names == ["RBR/THR/DLL", "IER/DLM", "IIR/FCR", "LCR", "MCR", "LSR", "MSR", "SCR"])
    #expect(window.base == 0x3f8 && window.count == 8)
  }

  @Test(
    "whatever the guest writes, at any offset and width, reads stay within their width",
    arguments: 0..<4 as Range<UInt64>)
  func hostile(seed: UInt64) {
    let bench = Bench()
    var random = SplitMix64(seed: seed)
    for _ in 0..<5_000 {
      let size = [1, 2, 4, 8].randomElement(using: &random)!
      let offset = [Int.random(in: 0..<16, using: &random), 0xffff_ffff].randomElement(using: &random)!
      let access = Access(offset: offset, size: size)
      bench.uart.write(access, UInt64.random(in: 0...access.ones, using: &random))
      bench.receive([UInt8](repeating: 1, count: Int.random(in: 0..<20, using: &random)))
      let value = bench.uart.read(access)
      #expect(value <= access.ones)
      if offset >= 8 { #expect(value == access.ones) }
    }
  }
}
