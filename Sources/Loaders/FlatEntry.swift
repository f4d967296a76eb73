import VMM

/// Where a flat binary is loaded and in which mode it is entered, as `--entry MODE@ADDRESS` says.
public struct FlatEntry: Equatable, Sendable, CustomStringConvertible {
  public let mode: EntryState.Mode
  /// Of the first byte, which is the first instruction too.
  public let address: GuestAddress

  /// - Parameters:
  ///   - mode: how the binary is entered.
  ///   - address: 0–0xfffff for real mode; below 4 GiB otherwise, for neither protected mode nor the first
  ///     page tables reach further.
  /// - Throws: ``LoadError`` for an address out of range.
  public init(_ mode: EntryState.Mode, at address: GuestAddress) throws(LoadError) {
    self.mode = mode
    self.address = address
    if mode == .real, address >= 0x10_0000 {
      throw LoadError("--entry \(description)", .entry(.aboveRealMode(address)))
    }
    if address >= 0x1_0000_0000 {
      throw LoadError("--entry \(description)", .entry(.above4GiB(address)))
    }
  }

  /// Parses `MODE@ADDRESS`: MODE is real, protected or long, ADDRESS hexadecimal behind 0x or decimal.
  ///
  /// - Throws: ``LoadError`` for anything else.
  public init(_ text: String) throws(LoadError) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let mode = EntryState.Mode(rawValue: String(parts[0])),
      let address = parseNumber(parts[1])
    else { throw LoadError("--entry \(text)", .entry(.badText)) }
    try self.init(mode, at: address)
  }

  public var description: String { "\(mode.rawValue)@\(hex(address))" }
}
