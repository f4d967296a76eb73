/// What a driver may ask of an 82540EM and not get from this one. Each is said once a run.
enum Unmodelled: UInt32 {
  case vlanMode
  case loopback
  case bufferSize
  case checksumOffload
  case segmentation
  case missingFCS
  case interruptDelay
  case eepromWrite

  var message: String {
    switch self {
    case .vlanMode: "CTRL.VME: VLAN tags are neither inserted nor stripped"
    case .loopback: "RCTL.LBM: there is no loopback"
    case .bufferSize: "RCTL.BSEX with BSIZE 0 is reserved; receive buffers are taken as 2048 bytes"
    case .checksumOffload: "transmit descriptor asks for a checksum; frames are sent as they are"
    case .segmentation: "transmit descriptor asks for TCP segmentation; such frames are dropped"
    case .missingFCS: "transmit descriptor without IFCS; the frame is taken to have no check sequence yet"
    case .interruptDelay: "transmit descriptor with IDE; the interrupt is not delayed"
    case .eepromWrite: "EECD: the EEPROM is write-protected"
    }
  }
}
