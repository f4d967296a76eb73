import VMM

/// The MC146818 of a PC: a clock that shows the host's time in UTC, and memory where the firmware left the size
/// of RAM.
///
/// The time is the host's and can't be set: writes to the time registers have no effect. There is no interrupt
/// line, so the flags of register C stay 0.
public final class CMOSClock: ByteDevice, @unchecked Sendable {
  private enum Index {
    static let century = 0x32
    static let a = 0x0a
    static let b = 0x0b
    static let c = 0x0c
    static let d = 0x0d
  }

  private enum A {
    static let updateInProgress: UInt8 = 0x80
    /// The 32768 Hz time base and the periodic rate of 1024 Hz, as a PC's firmware sets them.
    static let initial: UInt8 = 0x26
  }

  private enum B {
    static let binary: UInt8 = 0x04
    static let hours24: UInt8 = 0x02
  }

  private static let validRAMAndTime: UInt8 = 0x80
  private static let pm: UInt8 = 0x80

  private let now: @Sendable () -> Int64
  private var memory = InlineArray<128, UInt8>(repeating: 0)
  private var selected = 0
  /// The second in which the guest last saw an update in progress.
  private var secondOfUpdate: Int64?

  /// - Parameters:
  ///   - memorySize: the guest's RAM in bytes, laid out as ``GuestMemory`` does.
  ///   - now: seconds since 1970-01-01 in UTC.
  public init(memorySize: UInt64, now: @escaping @Sendable () -> Int64) {
    self.now = now
    let registers = RegisterMap([Register("INDEX", at: 0), Register("DATA", at: 1)])
    super.init(name: "cmos", windows: [Window(.port, base: 0x70, count: 2, registers: registers)])
    memory[Index.a] = A.initial
    memory[Index.b] = B.hours24
    memory[Index.d] = Self.validRAMAndTime
    storeSizes(of: memorySize)
  }

  /// The index can't be read.
  public override func readByte(window: UInt8, at offset: Int) -> UInt8 {
    offset == 1 ? content(of: selected) : 0xff
  }

  public override func writeByte(_ value: UInt8, window: UInt8, at offset: Int) {
    switch offset {
    case 0: selected = Int(value & 0x7f)  // Bit 7 masks NMI, of which there is none.
    case 1: store(value)
    default: break
    }
  }

  private func content(of index: Int) -> UInt8 {
    switch index {
    case 0, 2, 4, 6, 7, 8, 9, Index.century: timeRegister(index)
    case Index.a: memory[Index.a] | updateInProgress()
    default: memory[index]
    }
  }

  private func store(_ value: UInt8) {
    switch selected {
    case Index.c, Index.d: break
    case Index.a: memory[Index.a] = value & ~A.updateInProgress
    default: memory[selected] = value
    }
  }

  /// UIP is 1 for the first look in each second. The time between two updates is the host's, so no guest would
  /// ever meet one; yet some wait for UIP to rise, to read the clock at the start of a second, and would wait
  /// for ever.
  private func updateInProgress() -> UInt8 {
    let second = now()
    guard second != secondOfUpdate else { return 0 }
    secondOfUpdate = second
    return A.updateInProgress
  }

  private func timeRegister(_ index: Int) -> UInt8 {
    let (days, second) = Int(now()).flooredQuotientAndRemainder(dividingBy: 86_400)
    let date = CivilDate(daysSince1970: days)
    switch index {
    case 0: return encode(second % 60)
    case 2: return encode(second / 60 % 60)
    case 4: return encodeHour(second / 3600)
    // 1 is Sunday; 1970-01-01 was a Thursday.
    case 6: return encode((days + 4).flooredQuotientAndRemainder(dividingBy: 7).remainder + 1)
    case 7: return encode(date.day)
    case 8: return encode(date.month)
    case 9: return encode(date.year.flooredQuotientAndRemainder(dividingBy: 100).remainder)
    default: return encode(date.year.flooredQuotientAndRemainder(dividingBy: 10_000).remainder / 100)
    }
  }

  /// Table 3 of the data sheet: with 12 hours, they are 1 to 12 and bit 7 is the afternoon.
  private func encodeHour(_ hour: Int) -> UInt8 {
    if memory[Index.b] & B.hours24 != 0 { return encode(hour) }
    return encode((hour + 11) % 12 + 1) | (hour < 12 ? 0 : Self.pm)
  }

  /// 0–99 in the format that register B selects.
  private func encode(_ value: Int) -> UInt8 {
    let byte = UInt8(truncatingIfNeeded: value)
    return memory[Index.b] & B.binary != 0 ? byte : byte / 10 * 16 + byte % 10
  }

  /// What the firmware of a PC writes there: base memory and extended memory in KiB, memory from 16 MiB and
  /// from 4 GiB up in units of 64 KiB.
  private func storeSizes(of memorySize: UInt64) {
    let low = min(memorySize, GuestMemory.hole.lowerBound)
    storeNumber(640, at: 0x15, bytes: 2)
    let extended = min(low.subtractingOrZero(1 << 20) >> 10, 0xffff)
    storeNumber(extended, at: 0x17, bytes: 2)
    storeNumber(extended, at: 0x30, bytes: 2)
    storeNumber(min(low.subtractingOrZero(16 << 20) >> 16, 0xffff), at: 0x34, bytes: 2)
    storeNumber(min((memorySize - low) >> 16, 0xff_ffff), at: 0x5b, bytes: 3)
  }

  private func storeNumber(_ number: UInt64, at index: Int, bytes: Int) {
    for byte in 0..<bytes { memory[index + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
  }
}

extension UInt64 {
  fileprivate func subtractingOrZero(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
