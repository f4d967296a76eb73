/// Which line of the ledger belongs to what. One layout serves all vCPUs of a machine.
///
/// First a line for each exit reason that concerns no device; then a pair of lines (read, write) for each of
/// the unclaimed addresses that a vCPU met first; then a pair for each register of each window.
public struct LedgerLayout: Sendable {
  /// A device's window and where its registers' lines begin.
  public struct Section: Sendable {
    public let device: Device
    public let window: Window
    /// Line of reads of register 0. The register n has `firstLine + 2 n` for reads, and one more for writes.
    public let firstLine: Int
    /// All lines of the window; reads have the even ones, writes the odd ones.
    public var lines: Range<Int> { firstLine..<(firstLine + 2 * window.registers.registers.count) }
  }

  /// The lines of exit reasons that concern no device, by KVM_EXIT_ number; the last is for all higher ones.
  public static let reasonLines = ExitReason.lineCount
  /// How many unclaimed addresses have lines of their own. Before theirs come those for all the others, a pair for each
  /// address space.
  static let unclaimedAddresses = 63
  static let spaces = 3
  static let unclaimedSlots = spaces + unclaimedAddresses
  static let firstUnclaimedLine = ExitReason.lineCount

  public private(set) var sections: [Section] = []
  /// How many lines there are.
  public private(set) var lineCount = firstUnclaimedLine + 2 * unclaimedSlots

  public init() {}

  /// Adds the lines of a window; returns the first.
  mutating func add(_ window: Window, of device: Device) -> Int {
    let first = lineCount
    sections.append(Section(device: device, window: window, firstLine: first))
    lineCount += 2 * window.registers.registers.count
    return first
  }
}
