import VMM

/// BAR1: an address and a register's data in two ports, for drivers that have no memory space (section 13.3).
enum PortWindow {
  static let count: UInt64 = 64
  static let address = 0
  static let data = 4
  /// The bits of IOADDR that hold something.
  static let addressWritable: UInt32 = 0x000f_ffff
  static let registers = RegisterMap(
    granule: 4, [Register("IOADDR", at: address, count: 4), Register("IODATA", at: data, count: 4)])
}

extension E1000 {
  func readPort(_ access: Access) -> UInt64 {
    let (offset, size) = (Int(access.offset), Int(access.size))
    if offset + size <= PortWindow.data {
      return access.truncate(UInt64(portAddress) &>> UInt64(8 &* offset))
    }
    guard let offset = registerBehindPort(offset, size) else { return 0 }
    return readMemory(Access(offset: offset, size: size))
  }

  func writePort(_ access: Access, _ value: UInt64) {
    let (offset, size) = (Int(access.offset), Int(access.size))
    if offset == PortWindow.address && size == 4 {
      portAddress = UInt32(truncatingIfNeeded: value) & PortWindow.addressWritable
    } else if offset == PortWindow.data && size == 4 {
      guard let offset = registerBehindPort(offset, size) else {
        return fault("write of \(hex(value)) through IODATA to \(hex(portAddress)): no register there")
      }
      writeRegister(offset, UInt32(truncatingIfNeeded: value))
    } else {
      fault("write of \(size) bytes to port \(offset) of BAR1 ignored: IOADDR and IODATA take 32 bits")
    }
  }

  /// Where in BAR0 an access to IODATA goes: IOADDR names whole registers.
  private func registerBehindPort(_ offset: Int, _ size: Int) -> Int? {
    let lane = offset - PortWindow.data
    guard lane >= 0, lane + size <= 4, portAddress < Self.windowSize else { return nil }
    return Int(portAddress & ~3) + lane
  }
}
