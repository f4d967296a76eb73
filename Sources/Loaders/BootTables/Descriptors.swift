import VMM

extension BootTables {
  /// Flat descriptors for `mode`: nothing, 0x08 code, 0x10 data (SDM volume 3, section 3.4.5).
  ///
  /// Their accessed bits are set beforehand, so that no load of a segment register writes to the table.
  static func writeDescriptors(to memory: GuestMemory, _ mode: EntryState.Mode) -> Range<GuestAddress> {
    let table = memory.view(at: descriptors, count: 24)!
    // Base 0, limit 4 GiB, present, DPL 0; L = 1 with D = 0 for 64-bit code (section 5.2.1), else D = 1.
    table.store(UInt64(mode == .long ? 0x00af_9b00_0000_ffff : 0x00cf_9b00_0000_ffff), at: 8)
    table.store(0x00cf_9300_0000_ffff as UInt64, at: 16)
    return descriptors..<(descriptors + 24)
  }
}
