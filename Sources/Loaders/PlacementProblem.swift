import VMM

/// Why something does not fit guest memory. Labels are such as `segment 2` or `module 0`.
public enum PlacementProblem: Equatable, Sendable, CustomStringConvertible {
  case addressOverflow(_ label: String, GuestAddress, size: UInt64)
  case overlap(_ lower: String, _ upper: String, at: GuestAddress)
  case overBootTables(_ label: String, Range<GuestAddress>)
  case inHole(_ label: String, Range<GuestAddress>)
  /// `needed` bytes of RAM would do where `size` do not.
  case beyondMemory(_ label: String, end: GuestAddress, needed: UInt64, size: UInt64)
  /// Modules are told to the guest by 32-bit addresses.
  case moduleAboveHole(_ label: String)
  /// Bytes of the module list and all strings.
  case stringsTooLong(UInt64, room: UInt64)

  public var description: String {
    switch self {
    case .addressOverflow(let label, let start, let size):
      "\(label) at \(hex(start)) with \(hex(size)) bytes reaches beyond the last address; link it lower"
    case .overlap(let lower, let upper, let address):
      "\(lower) and \(upper) overlap at \(hex(address)); see the linker script"
    case .overBootTables(let label, let range):
      "\(label), \(text(range)), is where the boot tables lie, \(text(BootTables.region)); link it elsewhere"
    case .inHole(let label, let range):
      """
      \(label), \(text(range)), is where devices lie and RAM does not, \(text(GuestMemory.hole)); \
      link it elsewhere
      """
    case .beyondMemory(let label, let end, let needed, let size):
      """
      \(label) ends at \(hex(end)), beyond the guest's \(size >> 20) MiB; \
      it takes \(mebibytes(needed)) of memory
      """
    case .moduleAboveHole(let label):
      "\(label) would end above 3 GiB, where devices lie; give smaller modules or link the image lower"
    case .stringsTooLong(let count, let room):
      "command line and module list take \(count) bytes, and there is room for \(room); shorten them"
    }
  }

  /// A range as people read it: with its last address.
  private func text(_ range: Range<GuestAddress>) -> String {
    "\(hex(range.lowerBound))–\(hex(range.upperBound &- 1))"
  }
}
