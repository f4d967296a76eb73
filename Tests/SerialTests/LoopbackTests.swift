import Testing

@Suite("UART: loopback (section 8.8)")
struct LoopbackTests {
  @Test("what is sent is received, and nothing reaches the wire")
  func dataReturns() {
    let bench = Bench(fifoControl: 0x01)
    bench[.mcr] = 0x10
    for byte in UInt8(10)..<26 { bench[.rbrThr] = byte }
    #expect(bench.drain() == [UInt8](10..<26))
    #expect(bench.sent.isEmpty)
    bench[.mcr] = 0x00
    bench[.rbrThr] = 1
    #expect(bench.sent == [1])
  }

  @Test("the modem's inputs are the modem's outputs, for all sixteen settings")
  func modemLines() {
    let bench = Bench()
    for outputs in UInt8(0)...0x0f {
      bench[.mcr] = 0x10 | outputs
      // RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD.
      let expected = (outputs & 2) << 3 | (outputs & 1) << 5 | (outputs & 0x0c) << 4
      #expect(bench[.msr] & 0xf0 == expected)
    }
  }

  @Test("the deltas tell which inputs changed since MSR was read, RI only as it goes")
  func deltas() {
    for before in UInt8(0)...0x0f {
      for after in UInt8(0)...0x0f {
        let bench = Bench()
        bench[.mcr] = 0x10 | before
        let old = bench[.msr] & 0xf0
        bench[.mcr] = 0x10 | after
        let status = bench[.msr]
        var expected = (old ^ status) >> 4 & 0x0b
        if old & 0x40 != 0, status & 0x40 == 0 { expected |= 0x04 }
        #expect(status & 0x0f == expected)
        #expect(bench[.msr] & 0x0f == 0)
      }
    }
  }

  @Test("outside loopback a ready peer is there, whatever the modem's outputs are")
  func peer() {
    let bench = Bench()
    for outputs in UInt8(0)...0x0f {
      bench[.mcr] = outputs
      #expect(bench[.msr] == 0xb0)
    }
  }

  @Test("the host's bytes wait until loopback ends")
  func hostWaits() {
    let bench = Bench()
    bench[.mcr] = 0x10
    #expect(bench.receive([1]) == 0)
    #expect(bench.roomsAnnounced == 0)
    bench[.mcr] = 0x00
    #expect(bench.roomsAnnounced == 1)
    #expect(bench.receive([1]) == 1)
  }

  @Test("an overrun destroys the character in RBR without FIFOs")
  func overrunWithout() {
    let bench = Bench()
    bench[.mcr] = 0x10
    bench[.rbrThr] = 1
    bench[.rbrThr] = 2
    #expect(bench[.lsr] == 0x63)
    #expect(bench[.lsr] == 0x61)
    #expect(bench[.rbrThr] == 2)
  }

  @Test("an overrun of the FIFO keeps the sixteen and loses the new one")
  func overrunWith() {
    let bench = Bench(fifoControl: 0x01)
    bench[.mcr] = 0x10
    for byte in UInt8(0)..<17 { bench[.rbrThr] = byte }
    #expect(bench[.lsr] == 0x63)
    #expect(bench.drain() == [UInt8](0..<16))
  }
}
