/// The Ethernet transceiver behind MDIC: a Marvell 88E1011 whose link to the back end is always up, at
/// 1000 Mb/s, full duplex, autonegotiated.
struct PHY {
  /// Its address on the management bus (section 13.4.7).
  static let address: UInt32 = 1

  /// A register of IEEE 802.3 clause 22 or of the 88E1011 (sections 13.4.7.1.1 and following).
  struct Definition {
    let name: String
    let number: Int
    let reset: UInt16
    var writable: UInt16 = 0
  }

  /// Registers without a definition read zero.
  static let definitions: [Definition] = [
    // Autonegotiation on, full duplex, 1000 Mb/s.
    .init(name: "PCTRL", number: 0, reset: 0x1140, writable: 0x7d80),
    // 10, 100 and extended (1000) abilities, autonegotiation complete, link up.
    .init(name: "PSTATUS", number: 1, reset: 0x796d),
    .init(name: "PHY_ID", number: 2, reset: 0x0141),
    .init(name: "EXT_PHY_ID", number: 3, reset: 0x0c20),
    .init(name: "ANA", number: 4, reset: 0x0de1, writable: 0xbfff),
    // The partner acknowledges, and can do all that is advertised but PAUSE: there is no flow control.
    .init(name: "LPA", number: 5, reset: 0x41e1),
    .init(name: "ANE", number: 6, reset: 0x0003),
    .init(name: "NPT", number: 7, reset: 0x2001, writable: 0xb7ff),
    .init(name: "GCON", number: 9, reset: 0x0e00, writable: 0xff00),
    // Both receivers in order, the partner does 1000BASE-T in either duplex.
    .init(name: "GSTATUS", number: 10, reset: 0x3c00),
    .init(name: "EPSTATUS", number: 15, reset: 0x3000),
    .init(name: "PSCON", number: 16, reset: 0x0360, writable: 0xffff),
    // 1000 Mb/s, full duplex, resolved, link up.
    .init(name: "PSSTAT", number: 17, reset: 0xac00),
    .init(name: "PINTE", number: 18, reset: 0x0000, writable: 0xffff),
    .init(name: "PINTS", number: 19, reset: 0x0000),
    .init(name: "EPSCON", number: 20, reset: 0x0d60, writable: 0xffff),
    .init(name: "RXERC", number: 21, reset: 0x0000),
    .init(name: "LEDCON", number: 24, reset: 0x4100, writable: 0xffff),
    .init(name: "PPAGE", number: 29, reset: 0x0000, writable: 0xffff),
    .init(name: "PGENCON", number: 30, reset: 0x0000, writable: 0xffff),
  ]

  private static let control = 0
  /// Bits of PCTRL; reset and restart clear themselves.
  private static let reset: UInt16 = 1 << 15
  private static let loopback: UInt16 = 1 << 14
  private static let restart: UInt16 = 1 << 9

  private var values = InlineArray<32, UInt16>(repeating: 0)
  private var masks = InlineArray<32, UInt16>(repeating: 0)
  private var resets = InlineArray<32, UInt16>(repeating: 0)

  init() {
    for definition in Self.definitions {
      masks[definition.number] = definition.writable
      resets[definition.number] = definition.reset
    }
    values = resets
  }

  mutating func reset() {
    values = resets
  }

  /// Reads register `number`, 0–31.
  func read(_ number: Int) -> UInt16 { values[number] }

  /// Whether what is sent comes back.
  var isLoopedBack: Bool { values[Self.control] & Self.loopback != 0 }

  /// Writes register `number`, 0–31. Whether that makes the PHY negotiate its link anew, which is over at once.
  mutating func write(_ number: Int, _ value: UInt16) -> Bool {
    let isControl = number == Self.control
    if isControl && value & Self.reset != 0 {
      reset()
      return true
    }
    values[number] = values[number] & ~masks[number] | value & masks[number]
    return isControl && value & Self.restart != 0
  }
}
