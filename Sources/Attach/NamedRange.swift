import VMM

/// A range of addresses with the name of the device behind it: `0xc000-0xc03f=virtio-net`.
public struct NamedRange: Equatable, Sendable {
  /// Ports where the last address is at most 0xffff, guest physical memory where it is more.
  public let addresses: ClosedRange<UInt64>
  public let name: String

  /// Parses `FIRST-LAST=NAME` or `ADDRESS=NAME`, numbers decimal or behind 0x; nil for anything else.
  public init?(_ text: String) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, !halves[1].isEmpty else { return nil }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false).map(parseNumber)
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last
    else { return nil }
    addresses = first...last
    name = String(halves[1])
  }
}
