import VMM

/// What is wrong with a Multiboot header, at `offset` of the file.
public enum MultibootProblem: Equatable, Sendable, CustomStringConvertible {
  case badChecksum(offset: Int)
  /// Neither flag 16 nor ELF says where the image goes.
  case noAddressFields(offset: Int)
  /// Of flags 0–15 those that this machine does not meet.
  case unmetRequirements(UInt32, offset: Int)
  case badAddressFields(String)

  public var description: String {
    switch self {
    case .badChecksum(let offset):
      "bad Multiboot header at byte \(hex(offset)): magic + flags + checksum must be 0"
    case .noAddressFields(let offset):
      """
      the Multiboot header at byte \(hex(offset)) has no address fields (flag 16) \
      and the file is not ELF: make it either
      """
    case .unmetRequirements(let flags, let offset) where flags & 4 != 0:
      """
      the Multiboot header at byte \(hex(offset)) demands a video mode (flag 2), \
      and this machine has no display: clear the flag
      """
    case .unmetRequirements(let flags, let offset):
      """
      the Multiboot header at byte \(hex(offset)) demands what the specification does not define \
      (flags \(hex(flags))): clear them
      """
    case .badAddressFields(let what): "bad address fields in the Multiboot header: \(what)"
    }
  }
}
