import VMM

/// An entry of the descriptor table, as it was at one moment (virtio 1.2, section 2.7.5).
///
/// The driver can change the entry while the device looks at it, so the device takes a copy, once, and checks
/// and uses nothing but the copy.
struct Descriptor {
  /// Length of an entry in bytes.
  static let count = 16

  /// The `flags` field.
  struct Flags: OptionSet {
    let rawValue: UInt16
    /// VIRTQ_DESC_F_NEXT
    static let next = Flags(rawValue: 1)
    /// VIRTQ_DESC_F_WRITE
    static let write = Flags(rawValue: 2)
    /// VIRTQ_DESC_F_INDIRECT
    static let indirect = Flags(rawValue: 4)
  }

  let address: GuestAddress
  let length: UInt32
  let flags: Flags
  let next: UInt16

  /// Copies entry `index`, which is below the number of entries in `table`.
  init(_ table: MemoryView, _ index: UInt16) {
    let offset = Int(index) * Self.count
    address = table.load(at: offset)
    let rest = table.load(UInt64.self, at: offset + 8)
    length = UInt32(truncatingIfNeeded: rest)
    flags = Flags(rawValue: UInt16(truncatingIfNeeded: rest >> 32))
    next = UInt16(truncatingIfNeeded: rest >> 48)
  }
}
