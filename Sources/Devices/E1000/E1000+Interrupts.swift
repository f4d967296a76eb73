import VMM

/// Causes wait in ICR until they are read; the line is up while one of them is enabled in IMS
/// (sections 13.4.17–13.4.21).
extension E1000 {
  func raise(_ causes: UInt32) {
    guard causes != 0 else { return }
    setCauses(registers[Offset.icr] | causes)
  }

  func setCauses(_ causes: UInt32) {
    registers[Offset.icr] = causes
    updateLine()
  }

  func setMask(_ mask: UInt32) {
    registers[Offset.ims] = mask
    updateLine()
  }

  private func updateLine() {
    interrupt.set(registers[Offset.icr] & registers[Offset.ims] != 0)
  }
}
