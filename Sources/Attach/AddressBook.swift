/// What happened at each address.
///
/// The guest chooses the addresses, so there is a bound on how many have a line of their own; further ones share one with
/// those of the same named range, or of the same space.
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
    /// Nil in a line of those that have none of their own.
    let address: UInt64?
    /// Which of the book's ranges it belongs to: the first that holds it.
    let range: Int?
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

  let ranges: [NamedRange]
  /// Lines by number: the shared ones first, of the spaces and of the ranges.
  private(set) var lines: [Line]
  private var numbers: [Key: Int] = [:]
  /// Lines that a space may still have for its addresses.
  private var room: [Space: Int]

  /// - Parameter limit: how many addresses of a space have a line of their own.
  init(ranges: [NamedRange] = [], limit: Int = 1 << 14) {
    self.ranges = ranges
    room = Dictionary(uniqueKeysWithValues: Space.allCases.map { ($0, limit) })
    lines = Space.allCases.map { Line(space: $0, address: nil, range: nil) }
    lines += ranges.enumerated().map { Line(space: $1.space, address: nil, range: $0) }
  }

  /// The number of an address's line, for ``subscript(_:)``; it does not change.
  mutating func number(_ space: Space, _ address: UInt64) -> Int {
    let key = Key(space: space, address: address)
    if let number = numbers[key] { return number }
    let range = ranges.firstIndex { $0.space == space && $0.addresses.contains(address) }
    guard room[space, default: 0] > 0 else {
      return range.map { Space.allCases.count + $0 } ?? Space.allCases.firstIndex(of: space)!
    }
    room[space, default: 0] -= 1
    numbers[key] = lines.count
    lines.append(Line(space: space, address: address, range: range))
    return lines.count - 1
  }

  subscript(number: Int) -> Line {
    get { lines[number] }
    _modify { yield &lines[number] }
  }
}

extension NamedRange {
  var space: AddressBook.Space { addresses.upperBound <= 0xffff ? .port : .memory }
}
