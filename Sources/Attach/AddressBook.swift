/// What happened at each address.
///
/// The guest chooses the addresses, so there is a bound on how many have a line of their own; all further ones of a
/// space share one.
struct AddressBook: Sendable {
  /// Where an address belongs. A CPUID leaf is counted like one.
  enum Space: String, Hashable, Sendable, CaseIterable {
    case port
    case memory
    case msr
    case cpuid
  }

  struct Line: Equatable, Sendable {
    let space: Space
    /// Nil in the line of all that have none of their own.
    let address: UInt64?
    /// Times that the guest stopped for it, whoever answered.
    var exits: UInt64 = 0
    /// Single reads and writes, of which a string instruction makes several in one exit.
    var reads: UInt64 = 0
    var writes: UInt64 = 0
    /// Of the exits, those that surely reached user space, and those of which one cannot tell; see ``AccessTrail``.
    var userSpace: UInt64 = 0
    var undecided: UInt64 = 0
  }

  private struct Key: Hashable {
    let space: Space
    let address: UInt64
  }

  /// Lines by number: the shared ones first.
  private(set) var lines = Space.allCases.map { Line(space: $0, address: nil) }
  private var numbers: [Key: Int] = [:]
  private let limit: Int

  /// - Parameter limit: how many addresses have a line of their own.
  init(limit: Int = 1 << 14) {
    self.limit = limit
  }

  /// The number of an address's line, for ``subscript(_:)``; it does not change.
  mutating func number(_ space: Space, _ address: UInt64) -> Int {
    let key = Key(space: space, address: address)
    if let number = numbers[key] { return number }
    guard numbers.count < limit else { return Space.allCases.firstIndex(of: space)! }
    numbers[key] = lines.count
    lines.append(Line(space: space, address: address))
    return lines.count - 1
  }

  subscript(number: Int) -> Line {
    get { lines[number] }
    _modify { yield &lines[number] }
  }
}
