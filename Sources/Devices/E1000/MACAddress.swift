/// A station's address, in the order of the wire.
public struct MACAddress: Equatable, Sendable {
  public let bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)

  public init(_ b0: UInt8, _ b1: UInt8, _ b2: UInt8, _ b3: UInt8, _ b4: UInt8, _ b5: UInt8) {
    bytes = (b0, b1, b2, b3, b4, b5)
  }

  /// The three little-endian words in which the EEPROM holds it (section 5.6.1).
  var words: (UInt16, UInt16, UInt16) {
    (
      UInt16(bytes.0) | UInt16(bytes.1) << 8,
      UInt16(bytes.2) | UInt16(bytes.3) << 8,
      UInt16(bytes.4) | UInt16(bytes.5) << 8
    )
  }

  public static func == (a: MACAddress, b: MACAddress) -> Bool {
    a.words == b.words
  }
}
