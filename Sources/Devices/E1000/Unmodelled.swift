/// What a driver may ask of an 82540EM and not get from this one, or not get at all. Each is said once a run.
enum Unmodelled: UInt32 {
  case bufferSize
  case checksumPlace
  case missingFCS
  case eepromWrite

  var message: String {
    switch self {
    case .bufferSize: "RCTL.BSEX with BSIZE 0 is reserved; receive buffers are taken as 2048 bytes"
    case .checksumPlace: "transmit descriptor asks for a checksum outside its frame; none is inserted"
    case .missingFCS: "transmit descriptor without IFCS; the frame is taken to have no check sequence yet"
    case .eepromWrite: "EECD: the EEPROM is write-protected"
    }
  }
}
