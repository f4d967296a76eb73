/// Offsets in the header of type 0 (PCI 3.0, figure 6-1).
enum Configuration {
  /// Length of a function's configuration space in bytes.
  static let size = 256
  static let vendor = 0x00
  static let device = 0x02
  static let command = 0x04
  static let status = 0x06
  static let revision = 0x08
  static let cacheLineSize = 0x0c
  static let latencyTimer = 0x0d
  static let baseAddress0 = 0x10
  /// Just behind the sixth base address register.
  static let baseAddressEnd = 0x28
  static let subsystemVendor = 0x2c
  static let subsystem = 0x2e
  static let capabilities = 0x34
  static let interruptLine = 0x3c
  static let interruptPin = 0x3d
  /// Where capabilities begin: just behind the header.
  static let headerEnd = 0x40
}

/// Bits of the command register (PCI 3.0, section 6.2.2).
enum Command {
  static let portSpace: UInt16 = 1 << 0
  static let memorySpace: UInt16 = 1 << 1
  static let busMaster: UInt16 = 1 << 2
  static let parityErrorResponse: UInt16 = 1 << 6
  static let systemError: UInt16 = 1 << 8
  static let interruptDisable: UInt16 = 1 << 10
}

/// Bits of the status register (PCI 3.0, section 6.2.3).
enum Status {
  /// In the register's lower byte, which the guest cannot write.
  static let interrupt: UInt8 = 1 << 3
  static let capabilityList: UInt16 = 1 << 4
  static let mediumDevsel: UInt16 = 1 << 9
  /// Errors seen: a guest clears each one by writing a one to it.
  static let errors: UInt16 = 0xf900
}
