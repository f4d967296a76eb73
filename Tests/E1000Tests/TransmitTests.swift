import Testing
import VMM

@testable import E1000

@Suite("Transmission")
struct TransmitTests {
  let rig = Rig()

  @Test("a frame is out, TDH at TDT and DD set when the TDT write returns")
  func oneFrame() {
    rig.startTransmitter()
    rig.queue(makeFrame(1), 0)
    rig["TDT"] = 1
    #expect(rig.backend.sent == [makeFrame(1)])
    #expect(rig["TDH"] == 1 && rig.isDone(0))
    #expect(rig["ICR"] == Cause.txdw | Cause.txqe | Cause.txdLow)
    #expect(rig.faults.isEmpty)
  }

  @Test("a driver that programs the ring anew for each frame is served")
  func naiveDriver() {
    for number in 0..<20 {
      rig.queue(makeFrame(number), 0)
      rig.startTransmitter()
      rig["TDT"] = 1
      #expect(rig["TDH"] == 1 && rig.isDone(0))
    }
    #expect(rig.backend.sent == (0..<20).map { makeFrame($0) })
    #expect(rig.nic.counters.kicks == 20 && rig.nic.counters.packets?.transmitted == 20)
    #expect(rig.faults.isEmpty)
  }

  @Test("a batch goes out in order with one doorbell")
  func batch() {
    rig.startTransmitter(count: 64)
    for number in 0..<63 { rig.queue(makeFrame(number), number) }
    rig["TDT"] = 63
    #expect(rig.backend.sent == (0..<63).map { makeFrame($0) })
    #expect((0..<63).allSatisfy(rig.isDone))
    #expect(rig.nic.counters.kicks == 1)
  }

  @Test("from every head to every tail of a ring of eight, exactly what lies between goes out")
  func wrapAround() {
    for head in 0..<8 {
      for tail in 0..<8 {
        let rig = Rig()
        for index in 0..<8 { rig.queue(makeFrame(index), index) }
        rig.startTransmitter(at: head)
        rig["TDT"] = UInt32(tail)
        let expected = (0..<((tail - head + 8) % 8)).map { (head + $0) % 8 }
        #expect(rig.backend.sent == expected.map { makeFrame($0) })
        #expect(rig["TDH"] == UInt32(tail))
        #expect((0..<8).filter(rig.isDone) == expected.sorted())
        #expect(rig.nic.counters.kicks == (head == tail ? 0 : 1))
      }
    }
  }

  @Test("fragments become one frame, at every place where the ring can wrap")
  func fragments() {
    let frame = makeFrame(5, count: 1400)
    for start in 0..<8 {
      for pieces in 1...7 {
        let rig = Rig()
        rig.startTransmitter(at: start)
        let cuts = (0...pieces).map { $0 * frame.count / pieces }
        for piece in 0..<pieces {
          let command: UInt8 = piece == pieces - 1 ? Rig.whole : 0
          rig.queue(Array(frame[cuts[piece]..<cuts[piece + 1]]), (start + piece) % 8, command: command)
        }
        rig["TDT"] = UInt32((start + pieces) % 8)
        #expect(rig.backend.sent == [frame])
        #expect((0..<8).filter(rig.isDone) == [(start + pieces - 1) % 8], "only the last has RS")
        #expect(rig.nic.counters.packets?.transmitted == 1)
      }
    }
  }

  @Test("a frame may be handed over in several doorbells")
  func fragmentsOverDoorbells() {
    rig.startTransmitter()
    rig.queue([UInt8](makeFrame(1)[..<20]), 0, command: 0)
    rig["TDT"] = 1
    #expect(rig.backend.sent.isEmpty)
    rig.queue([UInt8](makeFrame(1)[20...]), 1)
    rig["TDT"] = 2
    #expect(rig.backend.sent == [makeFrame(1)])
    #expect(rig.nic.counters.kicks == 2)
  }

  @Test("null descriptors carry nothing, and are done when they ask to be told")
  func nullDescriptors() {
    rig.startTransmitter()
    rig.describe(0, address: 0, length: 60)
    rig.describe(1, address: Rig.transmitBuffers, length: 0)
    rig.queue([UInt8](makeFrame(1)[..<30]), 2, command: 0)
    rig.describe(3, address: 0, length: 60, command: 0)
    rig.queue([UInt8](makeFrame(1)[30...]), 4, command: 0)
    rig.describe(5, address: 0, length: 0)
    rig["TDT"] = 6
    #expect(rig.backend.sent == [makeFrame(1)])
    #expect((0..<6).filter(rig.isDone) == [0, 1, 5])
  }

  @Test("without RS nothing is written back and TXDW does not come")
  func withoutReport() {
    rig.startTransmitter()
    rig.queue(makeFrame(1), 0, command: Rig.eop | Rig.ifcs)
    rig["TDT"] = 1
    #expect(!rig.isDone(0) && rig["ICR"] == Cause.txqe | Cause.txdLow && rig.backend.sent.count == 1)
  }

  @Test("nothing goes out before TCTL.EN, all of it afterwards")
  func enable() {
    rig.startTransmitter(control: 0)
    for number in 0..<3 { rig.queue(makeFrame(number), number) }
    rig["TDT"] = 3
    #expect(rig.backend.sent.isEmpty && rig["TDH"] == 0 && rig["ICR"] == 0)
    rig["TCTL"] = 2
    #expect(rig.backend.sent.count == 3 && rig["TDH"] == 3)
  }

  @Test("TCTL.PSP makes short frames 60 bytes long, with zeros", arguments: [1, 14, 59, 60, 61])
  func padding(count: Int) {
    for isPadding in [false, true] {
      let rig = Rig()
      rig.startTransmitter(control: isPadding ? 0xa : 0x2)
      rig.queue(makeFrame(3, count: 60), 0)
      rig.queue(makeFrame(1, count: count), 1)
      rig.queue([UInt8](makeFrame(2, count: count)[..<(count / 2)]), 2, command: 0)
      rig.queue([UInt8](makeFrame(2, count: count)[(count / 2)...]), 3)
      rig["TDT"] = 4
      let zeros = [UInt8](repeating: 0, count: isPadding ? max(0, 60 - count) : 0)
      #expect(rig.backend.sent[1] == makeFrame(1, count: count) + zeros)
      #expect(rig.backend.sent[2] == makeFrame(2, count: count) + zeros)
    }
  }

  @Test("extended data descriptors are frames, context descriptors are consumed")
  func extended() {
    rig.startTransmitter()
    let dext: UInt8 = 0x20
    rig.describe(0, address: 0x1234_5678_9abc_def0, length: 0, command: dext | Rig.rs)
    rig.queue(makeFrame(1, count: 600), 1, command: dext | Rig.whole)
    rig.store(UInt32(600 | 1 << 20) | UInt32(dext | Rig.whole) << 24, at: Rig.transmitRing + 24)
    rig["TDT"] = 2
    #expect(rig.backend.sent == [makeFrame(1, count: 600)])
    #expect(rig.isDone(0) && rig.isDone(1) && rig.faults.isEmpty)
  }

  @Test("TXD_LOW comes when the ring falls to the threshold")
  func lowThreshold() {
    rig.startTransmitter(count: 32)
    rig["TXDCTL"] = 1 << 25
    for number in 0..<20 { rig.queue(makeFrame(number), number) }
    rig["TDT"] = 8
    #expect(rig["ICR"] & Cause.txdLow == 0, "eight pending are not above the threshold of eight")
    rig["TDT"] = 17
    #expect(rig["ICR"] & Cause.txdLow != 0)
    // With a threshold of zero, when there are no more.
    rig["TXDCTL"] = 0
    rig["TDT"] = 18
    #expect(rig["ICR"] & Cause.txdLow != 0)
    rig["TDT"] = 18
    #expect(rig["ICR"] & Cause.txdLow == 0)
  }

  @Test("statistics count frames, octets, sizes and groups")
  func statistics() {
    rig.startTransmitter(count: 64)
    let frames =
      [60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1514].map { makeFrame(1, count: $0) }
      + [makeFrame(2, to: [UInt8](repeating: 0xff, count: 6)), makeFrame(3, to: [1, 0, 0x5e, 0, 0, 1])]
      + [makeFrame(4, count: 40)]
    for (index, frame) in frames.enumerated() { rig.queue(frame, index) }
    rig["TDT"] = UInt32(frames.count)
    let octets = UInt32(frames.map { $0.count + 4 }.reduce(0, +))
    #expect(rig["TPT"] == 14 && rig["GPTC"] == 13)
    #expect(rig["TOTL"] == octets && rig["TOTH"] == 0)
    #expect(rig["GOTCL"] == octets - 44 && rig["GOTCH"] == 0)
    let sizes = ["PTC64", "PTC127", "PTC255", "PTC511", "PTC1023", "PTC1522"].map { rig[$0] }
    #expect(sizes == [3, 2, 2, 2, 2, 2])
    #expect(rig["BPTC"] == 1 && rig["MPTC"] == 1)
    #expect(rig["TPT"] == 0, "cleared by reading")
  }

  @Test("what a descriptor asks for in vain is said once")
  func unmodelledRequests() {
    rig.startTransmitter(count: 64)
    for index in 0..<4 {
      rig.queue(makeFrame(index), index, command: index % 2 == 0 ? Rig.eop | Rig.rs : Rig.whole | 0x04)
      // A checksum beyond the frame.
      if index % 2 != 0 { rig.store(0xc8 as UInt8, at: Rig.transmitRing + UInt64(index * 16) + 10) }
    }
    rig["TDT"] = 4
    #expect(rig.backend.sent == (0..<4).map { makeFrame($0) })
    #expect(rig.faults.count == 2)
    #expect((0..<4).allSatisfy(rig.isDone))
  }
}
