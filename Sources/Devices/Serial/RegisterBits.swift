// The bits of the PC16550D's registers, by the names of its data sheet, table II.

enum IER {
  static let receivedData: UInt8 = 0x01
  static let transmitterEmpty: UInt8 = 0x02
  static let lineStatus: UInt8 = 0x04
  static let modemStatus: UInt8 = 0x08
  static let all: UInt8 = 0x0f
}

enum IIR {
  static let fifosEnabled: UInt8 = 0xc0
}

enum FCR {
  static let enable: UInt8 = 0x01
  static let resetReceiver: UInt8 = 0x02
}

enum LCR {
  static let divisorLatchAccess: UInt8 = 0x80
}

enum MCR {
  static let terminalReady: UInt8 = 0x01
  static let requestToSend: UInt8 = 0x02
  static let out1: UInt8 = 0x04
  static let out2: UInt8 = 0x08
  static let loop: UInt8 = 0x10
  static let all: UInt8 = 0x1f
}

enum LSR {
  static let dataReady: UInt8 = 0x01
  static let overrun: UInt8 = 0x02
  static let holdingEmpty: UInt8 = 0x20
  static let transmitterEmpty: UInt8 = 0x40
}

enum MSR {
  static let deltas: UInt8 = 0x0f
  static let ringTrailingEdge: UInt8 = 0x04
  static let clearToSend: UInt8 = 0x10
  static let dataSetReady: UInt8 = 0x20
  static let ring: UInt8 = 0x40
  static let carrier: UInt8 = 0x80
}
