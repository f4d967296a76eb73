/// Device Control (section 13.4.1).
enum CTRL {
  static let fullDuplex: UInt32 = 1 << 0
  static let setLinkUp: UInt32 = 1 << 6
  /// Two bits: 10, 100 or 1000 Mb/s, as ``STATUS`` shows them.
  static let speedShift: UInt32 = 8
  static let forceSpeed: UInt32 = 1 << 11
  static let forceDuplex: UInt32 = 1 << 12
  static let reset: UInt32 = 1 << 26
  static let vlanMode: UInt32 = 1 << 30
  static let phyReset: UInt32 = 1 << 31
}

/// Device Status (section 13.4.2).
enum STATUS {
  static let fullDuplex: UInt32 = 1 << 0
  static let linkUp: UInt32 = 1 << 1
  static let speedShift: UInt32 = 6
  static let gigabit: UInt32 = 2
}

/// EEPROM/Flash Control and Data (section 13.4.3).
enum EECD {
  static let clock: UInt32 = 1 << 0
  static let chipSelect: UInt32 = 1 << 1
  static let dataIn: UInt32 = 1 << 2
  static let dataOut: UInt32 = 1 << 3
  static let request: UInt32 = 1 << 6
  static let grant: UInt32 = 1 << 7
}

/// EEPROM Read (section 13.4.4).
enum EERD {
  static let start: UInt32 = 1 << 0
  static let done: UInt32 = 1 << 4
}

/// MDI Control (section 13.4.7).
enum MDIC {
  static let write: UInt32 = 1
  static let read: UInt32 = 2
  static let ready: UInt32 = 1 << 28
  static let interrupt: UInt32 = 1 << 29
  static let error: UInt32 = 1 << 30
}

/// Causes of interrupts: ICR, ICS, IMS and IMC share their bits (section 13.4.17).
enum Cause {
  static let txdw: UInt32 = 1 << 0
  static let txqe: UInt32 = 1 << 1
  static let lsc: UInt32 = 1 << 2
  static let rxdmt0: UInt32 = 1 << 4
  static let rxo: UInt32 = 1 << 6
  static let rxt0: UInt32 = 1 << 7
  static let mdac: UInt32 = 1 << 9
  static let txdLow: UInt32 = 1 << 15
  static let srpd: UInt32 = 1 << 16
  /// All that software may set and enable. Some have no meaning here (RXSEQ, RXCFG) and are latched all the same: Linux'
  /// self-test asks for each of bits 0 to 9.
  static let all: UInt32 = 0x1_ffff
}

/// Receive Control (section 13.4.22).
enum RCTL {
  static let enable: UInt32 = 1 << 1
  static let unicastPromiscuous: UInt32 = 1 << 3
  static let multicastPromiscuous: UInt32 = 1 << 4
  static let longPackets: UInt32 = 1 << 5
  static let loopback: UInt32 = 3 << 6
  static let broadcastAccept: UInt32 = 1 << 15
  static let size: UInt32 = 3 << 16
  static let vlanFilter: UInt32 = 1 << 18
  static let canonicalFormEnable: UInt32 = 1 << 19
  static let canonicalForm: UInt32 = 1 << 20
  static let sizeExtension: UInt32 = 1 << 25
  static let stripCRC: UInt32 = 1 << 26
}

/// Receive Checksum Control (section 13.4.47).
enum RXCSUM {
  /// Where the packet checksum starts.
  static let start: UInt32 = 0xff
  static let ip: UInt32 = 1 << 8
  static let transport: UInt32 = 1 << 9
  static let ipv6: UInt32 = 1 << 10
}

/// The timers of interrupts (sections 13.4.18, 13.4.30, 13.4.31, 13.4.41 and 13.4.44).
enum Delay {
  /// Nanoseconds in a unit of ITR.
  static let throttlingUnit: UInt64 = 256
  /// Nanoseconds in a unit of RDTR, RADV, TIDV and TADV.
  static let unit: UInt64 = 1024
  static let value: UInt32 = 0xffff
  /// FPD of RDTR: RXT0 comes now.
  static let flushPartialDescriptors: UInt32 = 1 << 31
}

/// Transmit Control (section 13.4.33).
enum TCTL {
  static let enable: UInt32 = 1 << 1
  static let padShortPackets: UInt32 = 1 << 3
}

/// Sizes of Ethernet frames in bytes, without the frame check sequence unless said otherwise.
enum FrameSize {
  /// The shortest frame that a wire carries.
  static let minimum = 60
  /// Two addresses and the type.
  static let header = 14
  static let checkSequence = 4
  /// The longest frame with its check sequence while RCTL.LPE is off (section 13.7.36).
  static let longest = 1522
  /// The same while RCTL.LPE is on.
  static let longestWithLPE = 16384
  /// The longest frame that can be sent (section 3.3.3, field Length).
  static let longestTransmitted = 16288
  /// The longest frame that can be handed over to be cut: HDRLEN and PAYLEN.
  static let longestSegmented = 0xff + 0xf_ffff
}
