import CLinux
import TestSupport
import Testing

@testable import Witness

struct PerfRingTests {
  @Test(arguments: [0, 1 << 20, UInt64.max - 4095 - 8])
  func `every record arrives once, whole and in order, wherever the ring ends`(start: UInt64) {
    var random = SplitMix64(seed: start)
    let ring = RingMemory(size: 256, start: start & ~7)
    var written: [[UInt8]] = []
    var read: [[UInt8]] = []
    while written.count < 5000 {
      let data = (0..<Int.random(in: 4...140, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let record = Records.sample(UInt64(written.count), data)
      if ring.write(record) { written.append(record) } else { read += ring.drain() }
      if Int.random(in: 0..<4, using: &random) == 0 { read += ring.drain() }
    }
    read += ring.drain()
    #expect(read == written)
    #expect(ring.room == 256)
    #expect(ring.drain().isEmpty)
  }

  @Test(arguments: [0, 7, 9999])
  func `a record whose size cannot be ends the look, and the next one is read again`(size: Int) {
    let ring = RingMemory(size: 256)
    let good = Records.sample(1, [1, 2, 3, 4])
    #expect(ring.write(good) && ring.write(Records.record(type: 9, [0, 0, 0, 0, 0, 0, 0, 0], size: size)))
    #expect(ring.drain() == [good])
    #expect(ring.room == 256)
    #expect(ring.write(good))
    #expect(ring.drain() == [good])
  }

  @Test func `random bytes in a ring stop nothing`() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<2000 {
      let ring = RingMemory(size: 128)
      _ = ring.write(
        (0..<Int.random(in: 0...128, using: &random)).map { _ in UInt8.random(in: 0...9, using: &random) })
      for record in ring.drain() { _ = unsafe PerfRecord(record.span.bytes) }
      #expect(ring.room == 128)
    }
  }
}

struct PerfRecordTests {
  private func parse(_ bytes: [UInt8]) -> PerfRecord { unsafe PerfRecord(bytes.span.bytes) }

  @Test func `samples say which event they are of, and where its data are`() {
    let record = Records.sample(77, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    #expect(parse(record) == .sample(event: 77, data: 20..<32))
  }

  @Test func `records of losses say how many`() {
    #expect(parse(Records.lost(123)) == .lost(123))
    let samples = Records.record(type: PERF_RECORD_LOST_SAMPLES.rawValue, Records.bytes(5, 8))
    #expect(parse(samples) == .lost(5))
  }

  @Test(arguments: [PERF_RECORD_THROTTLE.rawValue, PERF_RECORD_COMM.rawValue, 0, 4711])
  func `records of other types are passed over`(type: UInt32) {
    #expect(parse(Records.record(type: type, [])) == .other(type: type))
  }

  @Test func `a record cut short anywhere is malformed, and nothing is read beyond its end`() {
    for whole in [Records.sample(1, [1, 2, 3, 4]), Records.lost(9)] {
      for count in 0..<whole.count {
        let record = parse(Array(whole.prefix(count)))
        #expect(record == .malformed, "\(count) bytes")
      }
    }
  }

  @Test func `a sample that claims more data than the record has is malformed`() {
    var record = Records.sample(1, [1, 2, 3, 4])
    record[16] = 5
    #expect(parse(record) == .malformed)
  }
}
