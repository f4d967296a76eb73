/// One 8259A: eight inputs, their priorities, and the interrupt that is served next.
///
/// Commands are in Controller8259A+Commands.swift. Names are those of the data sheet (Intel 231468).
struct Controller8259A {
  /// What the next write with A0 = 1 means.
  enum Step {
    /// Not yet initialised: takes OCW1 so that a guest can find the chip, but raises no interrupt.
    case powerOn
    case icw2, icw3, icw4
    case ready
  }

  var step = Step.powerOn
  /// IR0–IR7 as they are driven now.
  private(set) var inputs: UInt8 = 0
  /// The edge sense latches. A low input resets its latch: a request too short is no request.
  var edges: UInt8 = 0
  /// ISR.
  var inService: UInt8 = 0
  /// IMR.
  var mask: UInt8 = 0
  /// ELCR: a bit for each input that is level-triggered. The chip set's, so initialisation leaves it alone.
  var levelTriggered: UInt8 = 0
  /// T7–T3 of the vector.
  var vectorBase: UInt8 = 0
  /// The level at the bottom of the priorities; the one after it is at the top.
  var lowestPriority: UInt8 = 7
  /// ICW1.LTIM: all inputs are level-triggered.
  var allLevelTriggered = false
  var isSingle = false
  var expectsICW4 = false
  var automaticEOI = false
  var rotatesOnAutomaticEOI = false
  var specialFullyNested = false
  var specialMask = false
  var readsInService = false
  var polls = false

  /// The inputs with a slave behind them.
  let slaves: UInt8

  init(slaves: UInt8 = 0) {
    self.slaves = slaves
  }

  /// IRR. A level-triggered input is a request as long as it is high.
  var requests: UInt8 {
    let levels = allLevelTriggered ? 0xff : levelTriggered
    return (inputs & levels) | (edges & ~levels)
  }

  /// The request that INT stands for, nil while INT is low.
  var next: UInt8? {
    guard step == .ready, let level = highest(of: requests & ~mask) else { return nil }
    guard let busy = highest(of: blocking) else { return level }
    // "Special Fully Nested Mode": a slave in service may interrupt again with a request of its own that is
    // higher still, which the master can't tell from the first.
    if level == busy, specialFullyNested, slaves & bit(level) != 0 { return level }
    return rank(level) < rank(busy) ? level : nil
  }

  /// Drives input IR`level`.
  mutating func drive(_ level: UInt8, _ high: Bool) {
    let bit = bit(level)
    if !high {
      inputs &= ~bit
      edges &= ~bit
    } else if inputs & bit == 0 {
      inputs |= bit
      edges |= bit
    }
  }

  /// What the chip does at INTA, or at the read after a poll command: the level now in service. Without a
  /// request it is 7 and not in service ("Interrupt Sequence": the default IR7).
  mutating func acknowledge() -> UInt8 {
    guard let level = next else { return 7 }
    edges &= ~bit(level)
    if !automaticEOI {
      inService |= bit(level)
    } else if rotatesOnAutomaticEOI {
      lowestPriority = level
    }
    return level
  }

  /// The levels in service that hold others off. In special mask mode a masked one does not.
  var blocking: UInt8 { specialMask ? inService & ~mask : inService }

  /// The level of the highest priority among `bits`.
  func highest(of bits: UInt8) -> UInt8? {
    guard bits != 0 else { return nil }
    let top = lowestPriority &+ 1
    // Rotated so that the level at the top is bit 0; `&>>` and `&<<` take their counts modulo 8.
    let ranked = (bits &>> top) | (bits &<< (8 &- top))
    return (UInt8(truncatingIfNeeded: ranked.trailingZeroBitCount) &+ top) & 7
  }

  /// 0 for the level at the top of the priorities, 7 for the one at the bottom.
  func rank(_ level: UInt8) -> UInt8 { (level &- lowestPriority &- 1) & 7 }

  func bit(_ level: UInt8) -> UInt8 { 1 &<< level }
}
