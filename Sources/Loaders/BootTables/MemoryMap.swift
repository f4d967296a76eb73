import VMM

/// Which guest memory an image may use; docs/guest-abi.md, section Memory.
enum MemoryMap {
  struct Area {
    let range: Range<GuestAddress>
    let isAvailable: Bool
  }

  /// Where conventional memory ends and, on a PC, the extended BIOS data area begins.
  static let conventionalEnd: GuestAddress = 0x9fc00

  /// All areas of a machine with `size` bytes of RAM, in order, at most four. The hole is in none.
  static func areas(ofMemory size: UInt64) -> [Area] {
    let mebibyte: GuestAddress = 1 << 20
    let hole = GuestMemory.hole
    let low = min(size, hole.lowerBound)
    var areas = [
      Area(range: 0..<conventionalEnd, isAvailable: true),
      Area(range: conventionalEnd..<mebibyte, isAvailable: false),
    ]
    if low > mebibyte { areas.append(Area(range: mebibyte..<low, isAvailable: true)) }
    if size > low {
      areas.append(Area(range: hole.upperBound..<(hole.upperBound + size - low), isAvailable: true))
    }
    return areas
  }
}
