import VMM

/// Bytes of a file and the guest memory that they go to.
struct Segment: Sendable {
  /// What errors call it: `segment 2`, `module 0`.
  let label: String
  let bytes: MemoryView
  let start: GuestAddress
  /// Length in guest memory; beyond `bytes` it is zeros (bss).
  let size: UInt64

  /// - Parameter size: `start + size` does not overflow.
  init(_ label: String, _ bytes: MemoryView, at start: GuestAddress, size: UInt64) {
    self.label = label
    self.bytes = bytes
    self.start = start
    self.size = size
  }

  var end: GuestAddress { start + size }

  func overlaps(_ range: Range<GuestAddress>) -> Bool {
    size > 0 && start < range.upperBound && range.lowerBound < end
  }
}

extension [Segment] {
  /// Checks what holds for guest memory of any size: outside the hole and the boot tables, and apart.
  func checkPlacement() throws(LoadProblem) {
    for segment in self {
      let range = segment.start..<segment.end
      if segment.overlaps(GuestMemory.hole) { throw .placement(.inHole(segment.label, range)) }
      if segment.overlaps(BootTables.region) { throw .placement(.overBootTables(segment.label, range)) }
    }
    let ordered = filter { $0.size > 0 }.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    for (lower, upper) in zip(ordered, ordered.dropFirst()) where lower.end > upper.start {
      throw .placement(.overlap(lower.label, upper.label, at: upper.start))
    }
  }

  /// Checks that `memory` is large enough for all of them. They lie outside the hole.
  func checkFit(in memory: GuestMemory) throws(LoadProblem) {
    guard let last = self.max(by: { $0.end < $1.end }) else { return }
    let hole = GuestMemory.hole
    // RAM continues behind the hole.
    let needed = last.end <= hole.lowerBound ? last.end : last.end - UInt64(hole.count)
    guard needed <= memory.size else {
      throw .placement(
        .beyondMemory(last.label, end: last.end, needed: needed, size: memory.size))
    }
  }

  /// Copies what is in the files; bss is zero already.
  func copy(to memory: GuestMemory) {
    for segment in self where segment.bytes.count > 0 {
      memory.view(at: segment.start, count: segment.bytes.count)!.copy(from: segment.bytes)
    }
  }
}
