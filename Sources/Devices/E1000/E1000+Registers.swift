import VMM

extension E1000 {
  func readRegister(_ offset: Int) -> UInt32 {
    switch registers.readEffect(at: offset) {
    case .value: return registers[offset]
    case .absent, .zero: return 0
    case .clear:
      let value = registers[offset]
      registers[offset] = 0
      return value
    case .clearWithLowerHalf:
      let value = registers[offset]
      registers[pair: offset - 4] = 0
      return value
    case .interruptCause:
      let causes = registers[offset]
      registers[offset] = 0
      updateLine()
      return causes
    }
  }

  func writeRegister(_ offset: Int, _ value: UInt32) {
    switch registers.writeEffect(at: offset) {
    case .store: registers.store(value, at: offset)
    case .tdt:
      registers.store(value, at: offset)
      ringDoorbell()
    case .rdt:
      registers.store(value, at: offset)
      raise(receive(isAsked: true))
    case .icr: setCauses(registers[Offset.icr] & ~value)
    case .ics: raise(value & Cause.all)
    case .ims: setMask(registers[Offset.ims] | value & Cause.all)
    case .imc: setMask(registers[Offset.ims] & ~value)
    case .itr:
      registers.store(value, at: offset)
      updateLine()
    case .rdtr:
      registers.store(value, at: offset)
      if value & Delay.flushPartialDescriptors != 0 { raise(announceAtOnce()) }
    case .tctl:
      registers.store(value, at: offset)
      startTransmitter()
    case .rctl:
      registers.store(value, at: offset)
      if value & (RCTL.sizeExtension | RCTL.size) == RCTL.sizeExtension { say(.bufferSize) }
      raise(receive(isAsked: true))
    case .ringLength: writeRingLength(offset, value)
    case .ctrl: writeControl(value)
    case .mdic: writeMDIC(value)
    case .eecd: writeEECD(value)
    case .eerd: writeEERD(value)
    case .ignore: break
    case .unmodelled: writeUnmodelled(offset, value)
    case .absent: fault("write of \(hex(value)) to \(hex(offset)): no register there")
    }
  }

  /// Accesses that are not 32 bits wide and aligned. Reads give the bytes of the registers touched, each of
  /// which is read as a whole; a register takes nothing but 32 bits at once. An aligned access of 64 bits is
  /// two of 32 on the bus, and the manual allows it for pairs (sections 13.2 and 13.5.2).
  func readLanes(_ access: Access) -> UInt64 {
    var value: UInt64 = 0
    var word: UInt32 = 0
    for index in 0..<Int(access.size) {
      let offset = Int(access.offset) &+ index
      if index == 0 || offset & 3 == 0 { word = readRegister(offset & ~3) }
      let byte = UInt64(UInt8(truncatingIfNeeded: word &>> UInt32(8 * (offset & 3))))
      value |= byte &<< UInt64(8 &* index)
    }
    return value
  }

  func writeLanes(_ access: Access, _ value: UInt64) {
    let offset = Int(access.offset)
    guard access.size == 8, offset & 7 == 0 else {
      return fault("write of \(access.size) bytes at \(hex(offset)) ignored: registers take 32 bits")
    }
    writeRegister(offset, UInt32(truncatingIfNeeded: value))
    writeRegister(offset + 4, UInt32(truncatingIfNeeded: value &>> 32))
  }

  private func writeUnmodelled(_ offset: Int, _ value: UInt32) {
    registers.store(value, at: offset)
    guard registers[offset] != 0 else { return }
    registers.settle(at: offset)
    for definition in RegisterDefinition.all where definition.offset == offset {
      fault("\(definition.name) = \(hex(value)): \(definition.unmodelled ?? "")")
    }
  }

  /// RDLEN and TDLEN count whole cache lines of 128 bytes (sections 13.4.27 and 13.4.38).
  private func writeRingLength(_ offset: Int, _ value: UInt32) {
    registers.store(value, at: offset)
    guard registers[offset] != value else { return }
    let name = offset == RingBlock.receive + RingBlock.length ? "RDLEN" : "TDLEN"
    fault("\(name) = \(hex(value)) is no multiple of 128 below 1 MiB; \(hex(registers[offset])) is used")
  }

  private func writeControl(_ value: UInt32) {
    if value & CTRL.reset != 0 { return reset() }
    let changed = registers[Offset.ctrl] ^ value
    registers.store(value, at: Offset.ctrl)
    showLinkMode()
    if value & CTRL.phyReset != 0 {
      phy.reset()
      renegotiateLink()
    }
    if changed & CTRL.setLinkUp != 0 {
      registers[Offset.status] ^= STATUS.linkUp
      raise(Cause.lsc)
    }
  }

  /// The link is as fast as the PHY has negotiated, unless the driver forces something else (section 13.4.1).
  private func showLinkMode() {
    let control = registers[Offset.ctrl]
    let speed = control & CTRL.forceSpeed != 0 ? control &>> CTRL.speedShift & 3 : STATUS.gigabit
    let duplex = control & CTRL.forceDuplex != 0 ? control & CTRL.fullDuplex : STATUS.fullDuplex
    let others = registers[Offset.status] & ~(3 << STATUS.speedShift | STATUS.fullDuplex)
    registers[Offset.status] = others | speed << STATUS.speedShift | duplex
  }

  /// The management bus answers at once: R is set when the write returns (section 13.4.7).
  private func writeMDIC(_ value: UInt32) {
    let number = Int(value &>> 16 & 0x1f)
    let operation = value &>> 26 & 3
    var result = value & registers.writable(at: Offset.mdic) & ~MDIC.ready | MDIC.ready
    if value &>> 21 & 0x1f != PHY.address {
      // Nobody drives the bus, and its pull-up is read.
      result |= MDIC.error | (operation == MDIC.read ? 0xffff : 0)
    } else if operation == MDIC.read {
      result = result & ~0xffff | UInt32(phy.read(number))
    } else if operation == MDIC.write {
      if phy.write(number, UInt16(truncatingIfNeeded: value)) { renegotiateLink() }
      // It may have ended a loopback, and let the wire's frames in.
      raise(receive())
    } else {
      result |= MDIC.error
    }
    registers[Offset.mdic] = result
    if value & MDIC.interrupt != 0 { raise(Cause.mdac) }
  }

  private func writeEECD(_ value: UInt32) {
    registers.store(value, at: Offset.eecd)
    if !microwire.drive(value, eeprom) { say(.eepromWrite) }
    let isGranted = value & EECD.request != 0
    registers[Offset.eecd] =
      registers[Offset.eecd] & ~(EECD.grant | EECD.dataOut)
      | (isGranted ? EECD.grant : 0) | (microwire.dataOut ? EECD.dataOut : 0)
  }

  /// The read is done when the write returns (section 13.4.4).
  private func writeEERD(_ value: UInt32) {
    registers.store(value, at: Offset.eerd)
    guard value & EERD.start != 0 else { return }
    let address = Int(value &>> 8 & 0xff)
    let word = eeprom[address]
    if word == nil { fault("EERD: word \(address) of an EEPROM of \(EEPROM.count)") }
    registers[Offset.eerd] = UInt32(word ?? 0xffff) << 16 | UInt32(address) << 8 | EERD.done
  }
}
