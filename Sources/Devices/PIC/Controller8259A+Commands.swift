/// A command word that asks for what a PC has not got.
enum Misprogramming: String {
  case otherCascade = "ICW3 names another cascade than the PC's, where the slave is on IR2; taken as that"
  case notFor8086 = "ICW4 selects the call instructions of an 8080; vectors stay those of an 8086"
}

extension Controller8259A {
  /// Takes a write with A0 = 0: ICW1, OCW2 or OCW3, by bits 4 and 3.
  mutating func writeCommand(_ value: UInt8) {
    switch value & 0x18 {
    case 0x00: operate(value)
    case 0x08: select(value)
    default: initialise(value)
    }
  }

  /// Takes a write with A0 = 1: ICW2–ICW4 while they are due, else OCW1. `cascade` is the ICW3 that the
  /// chip's place in the machine calls for.
  mutating func writeData(_ value: UInt8, cascade: UInt8) -> Misprogramming? {
    switch step {
    case .powerOn, .ready:
      mask = value
      return nil
    case .icw2:
      vectorBase = value & 0xf8
      step = isSingle ? afterICW3 : .icw3
      return step == .ready ? .notFor8086 : nil
    case .icw3:
      step = afterICW3
      // A slave looks at its number only, bits 2–0.
      if (slaves == 0 ? value & 7 : value) != cascade { return .otherCascade }
      return step == .ready ? .notFor8086 : nil
    case .icw4:
      automaticEOI = value & 0x02 != 0
      specialFullyNested = value & 0x10 != 0
      step = .ready
      return value & 0x01 == 0 ? .notFor8086 : nil
    }
  }

  /// Answers a read with A0 = 0 (`isData` false) or A0 = 1. The first read after a poll command is the poll,
  /// whichever it is, for the chip takes RD alone as the acknowledge.
  mutating func read(isData: Bool) -> UInt8 {
    if polls {
      polls = false
      let isRequested = next != nil
      return (isRequested ? 0x80 : 0) | acknowledge()
    }
    if isData { return mask }
    return readsInService ? inService : requests
  }

  private var afterICW3: Step { expectsICW4 ? .icw4 : .ready }

  /// ICW1: "Initialization Command Words 1 and 2", (a) to (f). The levels in service go, too, or a guest that
  /// takes over from another could never end them.
  private mutating func initialise(_ value: UInt8) {
    expectsICW4 = value & 0x01 != 0
    isSingle = value & 0x02 != 0
    allLevelTriggered = value & 0x08 != 0
    edges = 0
    mask = 0
    inService = 0
    lowestPriority = 7
    specialMask = false
    readsInService = false
    polls = false
    rotatesOnAutomaticEOI = false
    automaticEOI = false
    specialFullyNested = false
    step = .icw2
  }

  /// OCW2: R, SL and EOI in bits 7–5, the level in bits 2–0.
  private mutating func operate(_ value: UInt8) {
    let level = value & 7
    switch value &>> 5 {
    case 0b001: end(highest(of: blocking), rotating: false)
    case 0b011: end(level, rotating: false)
    case 0b101: end(highest(of: blocking), rotating: true)
    case 0b111: end(level, rotating: true)
    case 0b100: rotatesOnAutomaticEOI = true
    case 0b000: rotatesOnAutomaticEOI = false
    case 0b110: lowestPriority = level
    default: break  // 0b010 is "no operation".
    }
  }

  private mutating func end(_ level: UInt8?, rotating: Bool) {
    guard let level else { return }
    inService &= ~bit(level)
    if rotating { lowestPriority = level }
  }

  /// OCW3: ESMM and SMM in bits 6–5, P in bit 2, RR and RIS in bits 1–0.
  private mutating func select(_ value: UInt8) {
    if value & 0x40 != 0 { specialMask = value & 0x20 != 0 }
    if value & 0x04 != 0 {
      polls = true
    } else if value & 0x02 != 0 {
      readsInService = value & 0x01 != 0
    }
  }
}
