import Platform
import TestSupport
import Testing
import VMM

@Suite("CMOS clock")
struct CMOSClockTests {
  private let clock = TestClock()

  private func device(memory: UInt64 = 1 << 20) -> CMOSClock {
    let clock = clock
    return CMOSClock(memorySize: memory) { clock.seconds }
  }

  private func read(_ index: UInt8, of device: CMOSClock) -> UInt8 {
    device.writePort(0, index)
    return device.readPort(1)
  }

  private func write(_ index: UInt8, _ value: UInt8, to device: CMOSClock) {
    device.writePort(0, index)
    device.writePort(1, value)
  }

  /// Seconds since 1970 from the registers, as a driver works them out.
  private func seconds(of device: CMOSClock) throws -> Int64 {
    let b = read(0x0b, of: device)
    func number(_ raw: UInt8) -> Int64 { Int64(b & 0x04 != 0 ? raw : (raw >> 4) * 10 + raw & 0x0f) }
    var hour = number(read(4, of: device) & 0x7f)
    if b & 0x02 == 0 { hour = hour % 12 + (read(4, of: device) & 0x80 != 0 ? 12 : 0) }
    let year = number(read(0x32, of: device)) * 100 + number(read(9, of: device))
    let month = number(read(8, of: device))
    // The sum of whole years and months, by the calendar's rules.
    func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    let leapDays = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][Int(month) - 1]
    let days =
      (year - 1970) * 365 + leapDays + Int64(before) + (month > 2 && isLeap(year) ? 1 : 0)
      + number(read(7, of: device)) - 1
    try #require(Int64(read(6, of: device)) == (days % 7 + 11) % 7 + 1)
    return days * 86_400 + hour * 3600 + number(read(2, of: device)) * 60 + number(read(0, of: device))
  }

  @Test(
    "a driver reads the host's time in each format, from the year 1 to 9999",
    arguments: [0x00, 0x02, 0x04, 0x06] as [UInt8], 0..<4 as Range<UInt64>)
  func roundTrip(format: UInt8, seed: UInt64) throws {
    let device = device()
    write(0x0b, format, to: device)
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      clock.seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
      try #require(try seconds(of: device) == clock.seconds)
    }
  }

  @Test("the hours of a day as table 3 of the data sheet has them")
  func hours() {
    let device = device()
    for hour in 0..<24 {
      clock.seconds = Int64(hour) * 3600
      let twelve = UInt8(hour % 12 == 0 ? 12 : hour % 12)
      let afternoon: UInt8 = hour < 12 ? 0 : 0x80
      write(0x0b, 0x00, to: device)
      #expect(read(4, of: device) == (twelve / 10 * 16 + twelve % 10) | afternoon)
      write(0x0b, 0x04, to: device)
      #expect(read(4, of: device) == twelve | afternoon)
      write(0x0b, 0x02, to: device)
      #expect(read(4, of: device) == UInt8(hour / 10 * 16 + hour % 10))
      write(0x0b, 0x06, to: device)
      #expect(read(4, of: device) == UInt8(hour))
    }
  }

  @Test("a new clock is in BCD and 24 hours, its time valid")
  func atFirst() {
    let device = device()
    clock.seconds = 1_700_000_000  // 2023-11-14 22:13:20, a Tuesday
    #expect(
      [0, 2, 4, 6, 7, 8, 9, 0x32].map { read($0, of: device) } == [
        0x20, 0x13, 0x22, 3, 0x14, 0x11, 0x23, 0x20,
      ])
    #expect(read(0x0a, of: device) & 0x7f == 0x26)
    #expect(read(0x0b, of: device) == 0x02)
    #expect(read(0x0c, of: device) == 0)
    #expect(read(0x0d, of: device) == 0x80)
  }

  @Test("UIP rises once a second, so that neither who waits for it nor who waits for its end hangs")
  func updateInProgress() {
    let device = device()
    for second in Int64(0)..<10 {
      clock.seconds = second
      #expect(read(0x0a, of: device) & 0x80 != 0)
      for _ in 0..<5 { #expect(read(0x0a, of: device) & 0x80 == 0) }
    }
  }

  @Test("the time, C and D can't be written; alarms and RAM can, and bit 7 of the index is not part of it")
  func writing() {
    let device = device()
    clock.seconds = 86_399
    let fixed: [UInt8] = [0, 2, 4, 6, 7, 8, 9, 0x32, 0x0c, 0x0d]
    let before = fixed.map { read($0, of: device) }
    for index in fixed { write(index, 0x99, to: device) }
    #expect(fixed.map { read($0, of: device) } == before)
    let free = [1, 3, 5] + [UInt8](0x0e..<0x80).filter { $0 != 0x32 }
    for index in free { write(index | 0x80, ~index, to: device) }
    for index in free { #expect(read(index, of: device) == ~index) }
    #expect(device.readPort(0) == 0xff)
  }

  @Test(
    "the size of RAM is where firmware leaves it",
    arguments: [
      // bytes, KiB above 1 MiB, 64 KiB units above 16 MiB, above 4 GiB
      (1 << 20, 0, 0, 0), (16 << 20, 15 << 10, 0, 0), (64 << 20, 63 << 10, 48 << 4, 0),
      (65 << 20, 0xffff, 49 << 4, 0), (3 << 30, 0xffff, 0xbf00, 0), (5 << 30, 0xffff, 0xbf00, 2 << 14),
      (1 << 50, 0xffff, 0xbf00, 0xff_ffff),
    ] as [(UInt64, Int, Int, Int)])
  func memorySizes(bytes: UInt64, extended: Int, above16M: Int, above4G: Int) {
    let device = device(memory: bytes)
    func number(_ index: UInt8, _ count: UInt8) -> Int {
      (0..<count).reduce(0) { $0 | Int(read(index + $1, of: device)) << (8 * Int($1)) }
    }
    #expect(number(0x15, 2) == 640)
    #expect(number(0x17, 2) == extended)
    #expect(number(0x30, 2) == extended)
    #expect(number(0x34, 2) == above16M)
    #expect(number(0x5b, 3) == above4G)
  }
}
