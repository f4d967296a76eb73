/// Some of a tracepoint's events: those that the kernel's own filter lets through.
public struct TracepointSelection: Hashable, Sendable, CustomStringConvertible {
  /// The event's name in the subsystem kvm, `kvm_pio`, or in another, `syscalls:sys_enter_ioctl`.
  public let event: String
  /// In the language of the kernel's event filters (Documentation/trace/events.rst, section 5); empty for all events.
  public let filter: String

  public init(_ event: String, _ filter: String = "") {
    self.event = event
    self.filter = filter
  }

  /// Those events in which `field` lies in one of `ranges`, and `condition` holds besides.
  public init(
    _ event: String, _ field: String, in ranges: [ClosedRange<UInt64>], where condition: String = ""
  ) {
    self.init(event, Self.both(condition, Self.place(field, ranges)))
  }

  /// Those in which it lies in none of them.
  public init(
    _ event: String, _ field: String, notIn ranges: [ClosedRange<UInt64>], where condition: String = ""
  ) {
    self.init(event, Self.both(condition, ranges.isEmpty ? "" : "!(\(Self.place(field, ranges)))"))
  }

  private static func place(_ field: String, _ ranges: [ClosedRange<UInt64>]) -> String {
    ranges.map { range in
      range.count == 1
        ? "\(field) == \(range.lowerBound)"
        : "(\(field) >= \(range.lowerBound) && \(field) <= \(range.upperBound))"
    }.joined(separator: " || ")
  }

  private static func both(_ one: String, _ other: String) -> String {
    one.isEmpty || other.isEmpty ? one + other : "(\(one)) && (\(other))"
  }

  public var description: String { filter.isEmpty ? event : "\(event){\(filter)}" }
}

extension String {
  /// What names selections, without their filters: `kvm_pio{port == 1}` as `kvm_pio`.
  package var withoutFilters: String {
    var text = ""
    var depth = 0
    for character in self {
      if character == "{" { depth += 1 }
      if depth == 0 { text.append(character) }
      if character == "}" { depth -= 1 }
    }
    return text
  }
}
