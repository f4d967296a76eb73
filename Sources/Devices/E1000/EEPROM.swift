/// The 64 words of the serial EEPROM: the station's address and PCI identity (section 5.6).
struct EEPROM {
  static let count = 64
  /// What all words add up to (section 5.6.35).
  static let sum: UInt16 = 0xbaba
  private var words = InlineArray<64, UInt16>(repeating: 0)

  init(mac: MACAddress) {
    (words[0], words[1], words[2]) = mac.words
    // Initialization Control Word 1: valid signature, load subsystem and device IDs.
    words[0x0a] = 0x4003
    words[0x0b] = Identity.subsystem
    words[0x0c] = Identity.vendor
    words[0x0d] = Identity.device
    words[0x0e] = Identity.vendor
    var sum: UInt16 = 0
    for index in 0..<Self.count - 1 { sum &+= words[index] }
    words[Self.count - 1] = Self.sum &- sum
  }

  /// The word at `address`, nil beyond the last.
  subscript(address: Int) -> UInt16? {
    address < Self.count ? words[address] : nil
  }
}

/// The PCI identity of the PRO/1000 MT Desktop.
enum Identity {
  static let vendor: UInt16 = 0x8086
  static let device: UInt16 = 0x100e
  static let subsystem: UInt16 = 0x001e
}
