import VMM

/// Why an image cannot be entered.
public enum EntryProblem: Equatable, Sendable, CustomStringConvertible {
  /// Not in the bytes that are loaded from the file.
  case outside(GuestAddress)
  case aboveRealMode(GuestAddress)
  case above4GiB(GuestAddress)
  /// Not `MODE@ADDRESS`.
  case badText
  /// A real-mode image is given nothing that could tell it of modules or a command line.
  case realModeTakesNothing

  public var description: String {
    switch self {
    case .outside(let address):
      "the entry point \(hex(address)) is not in what the file loads; see ENTRY in the linker script"
    case .aboveRealMode(let address):
      "the entry point \(hex(address)) is not below 0x100000, the end of real mode; choose a lower one"
    case .above4GiB(let address):
      "the entry point \(hex(address)) is above 4 GiB, where nothing is mapped yet; choose a lower one"
    case .badText:
      "expected MODE@ADDRESS: MODE real, protected or long, ADDRESS such as 0x7c00 or 31744"
    case .realModeTakesNothing:
      "a real-mode image can be given neither a command line nor modules; leave them out"
    }
  }
}
