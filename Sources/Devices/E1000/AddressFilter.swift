import VMM

/// Constants of the receive address filters (sections 13.5.1–13.5.4).
enum AddressFilter {
  /// RAH.AV
  static let valid: UInt32 = 1 << 31
  static let broadcast: UInt64 = 0xffff_ffff_ffff

  /// What the filters say of a frame.
  enum Verdict {
    case rejected
    case exact
    /// Passed, but software must look whether it wanted it: PIF (section 3.2.3.1).
    case inexact
  }
}

extension E1000 {
  /// Looks at the first bytes of a received frame.
  func verdict(on frame: MemoryView) -> AddressFilter.Verdict {
    let control = registers[Offset.rctl]
    if control & RCTL.vlanFilter != 0 && isFilteredByVLAN(frame, control) { return .rejected }
    let destination = Self.address(in: frame, at: 0)
    if destination == AddressFilter.broadcast && control & RCTL.broadcastAccept != 0 { return .exact }
    if isStation(destination, source: Self.address(in: frame, at: 6)) { return .exact }
    guard destination & 1 != 0 else {
      return control & RCTL.unicastPromiscuous != 0 ? .inexact : .rejected
    }
    return control & RCTL.multicastPromiscuous != 0 || isInTable(destination, control)
      ? .inexact : .rejected
  }

  /// The sixteen receive addresses; RAH.AS chooses what each is compared with.
  private func isStation(_ destination: UInt64, source: UInt64) -> Bool {
    for index in 0..<16 {
      let high = registers[Offset.rah0 + 8 * index]
      guard high & AddressFilter.valid != 0 else { continue }
      let address = UInt64(registers[Offset.ral0 + 8 * index]) | UInt64(high & 0xffff) << 32
      switch high &>> 16 & 3 {
      case 0 where address == destination: return true
      case 1 where address == source: return true
      default: break
      }
    }
    return false
  }

  /// Twelve bits of the destination choose a bit of the multicast table; RCTL.MO says which twelve.
  private func isInTable(_ destination: UInt64, _ control: UInt32) -> Bool {
    let shift: UInt64 =
      switch control &>> 12 & 3 {
      case 0: 36
      case 1: 35
      case 2: 34
      default: 32
      }
    let hash = Int(destination &>> shift & 0xfff)
    return registers[Offset.mta + hash / 32 * 4] &>> UInt32(hash % 32) & 1 != 0
  }

  /// Whether the frame's type is VET.
  func isTagged(_ frame: MemoryView) -> Bool {
    UInt32(frame.loadBigEndian(UInt16.self, at: VLAN.offset)) == registers[Offset.vet]
  }

  /// A tagged frame needs its bit in VFTA, and the right canonical form bit where that is asked for.
  private func isFilteredByVLAN(_ frame: MemoryView, _ control: UInt32) -> Bool {
    guard isTagged(frame) else { return false }
    let tag = Int(frame.loadBigEndian(UInt16.self, at: VLAN.offset + 2))
    if control & RCTL.canonicalFormEnable != 0 {
      let isCanonical = tag & 0x1000 != 0
      if isCanonical != (control & RCTL.canonicalForm != 0) { return true }
    }
    let identifier = tag & 0xfff
    return registers[Offset.vfta + identifier / 32 * 4] &>> UInt32(identifier % 32) & 1 == 0
  }
}
