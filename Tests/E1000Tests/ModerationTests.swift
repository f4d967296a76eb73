import TestSupport
import Testing
import VMM

@testable import E1000

@Suite("Interrupt moderation")
struct ModerationTests {
  let rig = Rig()
  private static let unit: UInt64 = 1024

  private func send(_ index: Int, command: UInt8) {
    rig.queue(makeFrame(index), index % 8, command: command)
    rig["TDT"] = UInt32((index + 1) % 8)
  }

  @Test(
    "TXDW waits for TIDV after the last frame, or for TADV after the first", arguments: [0, 30] as [UInt32])
  func transmitDelay(limit: UInt32) {
    rig.startTransmitter()
    rig["TIDV"] = 10
    rig["TADV"] = limit
    // Without limit each frame begins the wait anew; with it, the first one's ends in the middle.
    for index in 0..<(limit == 0 ? 20 : 6) {
      send(index, command: Rig.whole | 0x80)
      #expect(rig.isDone(index % 8), "the write-back is not delayed")
      #expect(rig.nic.registers[Offset.icr] & Cause.txdw == 0)
      rig.advance((limit == 0 ? 9 : 4) * Self.unit)
    }
    // 9 units of 10 after the last, 24 of 30 after the first.
    #expect(rig["ICR"] & Cause.txdw == 0)
    if limit != 0 {
      send(6, command: Rig.whole | 0x80)
      rig.advance(5 * Self.unit)
      #expect(rig["ICR"] & Cause.txdw == 0)
    }
    rig.advance(Self.unit)
    #expect(rig["ICR"] & Cause.txdw != 0)
    rig.advance(100 * Self.unit)
    #expect(rig["ICR"] & Cause.txdw == 0, "once")
  }

  @Test("a descriptor without IDE interrupts at once, and stops the timer")
  func immediate() {
    rig.startTransmitter()
    rig["TIDV"] = 10
    send(0, command: Rig.whole | 0x80)
    #expect(rig["ICR"] & Cause.txdw == 0)
    send(1, command: Rig.whole)
    #expect(rig["ICR"] & Cause.txdw != 0)
    rig.advance(1_000_000)
    #expect(rig["ICR"] & Cause.txdw == 0, "no spurious second one")
  }

  @Test("RXT0 waits for RDTR after the last frame, RADV after the first, and comes once")
  func receiveDelay() {
    rig.startReceiver(count: 64, given: 63)
    rig["RDTR"] = 10
    rig["RADV"] = 25
    rig["IMS"] = Cause.rxt0
    var first: UInt64?
    for number in 0..<40 {
      rig.backend.waiting = [makeFrame(number)]
      if first == nil { first = rig.alarm.time }
      rig.nic.poll()
      rig.advance(4 * Self.unit)
      if rig.line.isAsserted {
        #expect(rig.alarm.time - first! >= 25 * Self.unit && rig.alarm.time - first! < 29 * Self.unit)
        _ = rig["ICR"]
        first = nil
      }
    }
    #expect(rig.line.raised == 5)
    rig.advance(11 * Self.unit)
    #expect(rig.line.isAsserted)
  }

  @Test("FPD of RDTR brings RXT0 at once, whether or not something is held back; bit 31 of TIDV is reserved")
  func flush() {
    rig.startReceiver()
    rig["RDTR"] = 1000
    rig["RDTR"] = 1000 | 1 << 31
    #expect(rig["ICR"] == Cause.rxt0)
    rig["TIDV"] = 1000 | 1 << 31
    #expect(rig["ICR"] == 0 && rig["TIDV"] == 1000)
    rig.backend.waiting = [makeFrame(1)]
    rig.nic.poll()
    #expect(rig["ICR"] == 0)
    rig["RDTR"] = 1000 | 1 << 31
    #expect(rig["ICR"] == Cause.rxt0 && rig["RDTR"] == 1000)
    rig.advance(10_000_000)
    #expect(rig["ICR"] == 0)
  }

  @Test("a reset forgets what is held back, and only tells of the link")
  func reset() {
    rig.startReceiver()
    rig["RDTR"] = 1000
    rig["ITR"] = 1000
    rig.backend.waiting = [makeFrame(1)]
    rig.nic.poll()
    rig["CTRL"] = 1 << 26
    rig["IMS"] = Cause.all
    rig.advance(100_000_000)
    #expect(rig["ICR"] == Cause.lsc && rig.line.raised == 1)
  }

  @Test("turning ITR off lets a waiting interrupt through")
  func throttlingOff() {
    rig["IMS"] = Cause.all
    rig["ITR"] = 1000
    rig["ICS"] = Cause.txdw
    _ = rig["ICR"]
    rig["ICS"] = Cause.txdw
    #expect(!rig.line.isAsserted)
    rig["ITR"] = 0
    #expect(rig.line.isAsserted)
  }

  /// The model: all that the manual says of the timers, in one place, checked at every step.
  @Test(
    "whatever comes when, no interrupt is later than its absolute timer or earlier than ITR allows",
    arguments: 1...6)
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let itr = UInt64(random.next() % 2 == 0 ? 0 : random.next() % 2000)
    let (rdtr, radv) = (random.next() % 100, random.next() % 300)
    rig["IMS"] = Cause.rxt0 | Cause.lsc
    rig["ITR"] = UInt32(itr)
    rig["RDTR"] = UInt32(rdtr)
    rig["RADV"] = UInt32(radv)
    rig.startReceiver(count: 64, given: 63)
    var (packet, absolute): (UInt64?, UInt64?) = (nil, nil)
    var (isCaused, isUp) = (false, false)
    var lastRise: UInt64?
    /// Brings the model to the clock's time.
    func settle(_ time: UInt64) {
      if let due = packet.map({ min($0, absolute ?? $0) }), due <= time {
        (packet, absolute, isCaused) = (nil, nil, true)
        rise(due)
      }
      rise(time)
    }
    func rise(_ time: UInt64) {
      guard isCaused, !isUp else { return }
      let allowed = itr == 0 ? 0 : (lastRise ?? 0) + (lastRise == nil ? 0 : itr * 256)
      guard time >= allowed else { return }
      (isUp, lastRise) = (true, max(allowed, riseSince))
    }
    var riseSince: UInt64 = 0
    var rises: UInt64 = 0
    for number in 0..<800 {
      let wasUp = isUp
      switch random.next() % 4 {
      case 0, 1:
        rig.backend.waiting = [makeFrame(number)]
        rig.nic.poll()
        rig["RDT"] = (rig["RDH"] + 63) % 64
        riseSince = rig.alarm.time
        if rdtr == 0 {
          isCaused = true
        } else {
          if packet == nil && radv != 0 { absolute = rig.alarm.time + radv * 1024 }
          packet = rig.alarm.time + rdtr * 1024
        }
      case 2 where rig.line.isAsserted:
        #expect(rig["ICR"] & Cause.rxt0 != 0)
        (isCaused, isUp) = (false, false)
        rises += 1
      default: break
      }
      settle(rig.alarm.time)
      #expect(rig.line.isAsserted == isUp, "step \(number), before \(wasUp)")
      // Time passes in steps that no deadline lies within, so that model and device see the same moments.
      var left = random.next() % 200_000
      while left > 0 {
        let dues = [packet, absolute, itr == 0 || !isCaused || isUp ? nil : lastRise.map { $0 + itr * 256 }]
        let next = dues.compactMap { $0 }.filter { $0 > rig.alarm.time }.min() ?? .max
        let step = min(left, next - rig.alarm.time)
        rig.advance(step)
        left -= step
        riseSince = rig.alarm.time
        settle(rig.alarm.time)
        #expect(rig.line.isAsserted == isUp, "step \(number), after \(step)")
      }
    }
    #expect(rises > 10)
  }

  @Test("the timer is set no more often than it rings, however many frames come")
  func systemCalls() {
    rig.startReceiver(count: 64, given: 63)
    rig["RDTR"] = 100
    for number in 0..<200 {
      rig.backend.waiting = [makeFrame(number)]
      rig.nic.poll()
      rig["RDT"] = (rig["RDH"] + 63) % 64
    }
    #expect(rig.alarm.settings == 1)
    rig.advance(101 * Self.unit)
    #expect(rig.alarm.settings == 1 && rig["ICR"] & Cause.rxt0 != 0)
    rig["RDTR"] = 0
    for number in 0..<200 {
      rig.backend.waiting = [makeFrame(number)]
      rig.nic.poll()
      rig["RDT"] = (rig["RDH"] + 63) % 64
    }
    #expect(rig.alarm.settings == 1, "without delay nobody asks the clock")
  }
}

@Suite("The link")
struct LinkTests {
  let rig = Rig()

  @Test("STATUS.LU follows CTRL.SLU, and each change raises LSC")
  func setLinkUp() {
    #expect(rig["STATUS"] & 2 != 0)
    rig["CTRL"] = 0x201
    #expect(rig["STATUS"] & 2 == 0 && rig["ICR"] == Cause.lsc)
    rig["CTRL"] = 0x201
    #expect(rig["ICR"] == 0)
    rig["CTRL"] = 0x241
    #expect(rig["STATUS"] & 2 != 0 && rig["ICR"] == Cause.lsc)
  }

  @Test("after each negotiation LSC comes a moment later, once")
  func negotiation() {
    let restart = { self.rig["MDIC"] = 1 << 26 | 1 << 21 | 0x1340 }
    let resetPHY = { self.rig["MDIC"] = 1 << 26 | 1 << 21 | 0x9140 }
    for action in [restart, resetPHY, { self.rig["CTRL"] = 1 << 26 }, { self.rig["CTRL"] = 1 << 31 | 0x241 }]
    {
      action()
      #expect(rig["ICR"] == 0 && rig["STATUS"] & 2 != 0)
      rig.advance(1_000_000)
      #expect(rig["ICR"] == Cause.lsc)
      rig.advance(10_000_000)
      #expect(rig["ICR"] == 0)
    }
  }
}
