import CLinux

/// One vCPU's count of everything that came back to user space.
///
/// Its thread alone writes it. Others may read it at any time: words are aligned and only grow, so a reader
/// sees each a moment old at worst. Memory is touched only for lines that were used.
@safe
public final class Ledger: @unchecked Sendable {
  public let layout: LedgerLayout
  /// The lines, ``LedgerLine/words`` each.
  let words: UnsafeMutablePointer<UInt64>
  private let length: Int
  /// The unclaimed addresses met so far, in the slots behind those of the spaces.
  private var unclaimed: [UnclaimedAddress] = []

  /// - Throws: ``GuestMemoryError`` where there is no memory for it.
  public init(layout: LedgerLayout) throws(GuestMemoryError) {
    self.layout = layout
    length = layout.lineCount * LedgerLine.words * MemoryLayout<UInt64>.stride
    let address = linux_map_memory(length)
    guard let base = unsafe UnsafeMutablePointer<UInt64>(bitPattern: address), address > 0 else {
      throw .cannotMapTable(length, errno: Int32(-address))
    }
    unsafe words = base
    unclaimed.reserveCapacity(LedgerLayout.unclaimedAddresses)
  }

  deinit {
    _ = unsafe munmap(words, length)
  }

  /// Counts one exit that took `ticks` to answer.
  func record(_ line: Int, ticks: UInt32) {
    unsafe LedgerLine.record(words + line << LedgerLine.shift, ticks: ticks)
  }

  /// Counts the items of a string access beyond its first.
  func recordItems(_ line: Int, _ count: Int) {
    unsafe words[line << LedgerLine.shift + LedgerLine.items] &+= UInt64(count)
  }

  /// Counts a write that came through the coalesced ring.
  func recordCoalesced(_ line: Int) {
    unsafe words[line << LedgerLine.shift + LedgerLine.coalesced] &+= 1
  }

  /// The read line of an address that no device claims; the first few have lines of their own, so that a
  /// guest that tries them all costs no memory.
  @inline(never)
  func unclaimedLine(_ space: Window.Space, _ address: UInt64) -> Int {
    let wanted = UnclaimedAddress(space: space, address: address)
    if let index = unclaimed.firstIndex(of: wanted) { return Self.line(ofUnclaimed: index) }
    guard unclaimed.count < LedgerLayout.unclaimedAddresses else { return Self.line(ofOthersIn: space) }
    unclaimed.append(wanted)
    return Self.line(ofUnclaimed: unclaimed.count - 1)
  }

  private static func line(ofOthersIn space: Window.Space) -> Int {
    LedgerLayout.firstUnclaimedLine + 2 * Int(space.rawValue)
  }

  private static func line(ofUnclaimed index: Int) -> Int {
    LedgerLayout.firstUnclaimedLine + 2 * (LedgerLayout.spaces + index)
  }

  /// Exits of every line so far, by line.
  public var exits: [UInt64] {
    (0..<layout.lineCount).map { line in
      let start = unsafe words + line << LedgerLine.shift
      return LedgerLine.buckets.reduce(0) { unsafe $0 &+ start[$1] }
    }
  }

  /// Writes through the coalesced ring of every line so far, by line.
  public var coalesced: [UInt64] {
    (0..<layout.lineCount).map { unsafe words[$0 << LedgerLine.shift + LedgerLine.coalesced] }
  }

  /// Exits so far by reason: those of the lines that belong to no device, and those of the windows and unclaimed
  /// addresses of each space. Only while the vCPU does not run.
  public var exitsByReason: [ExitReason: UInt64] {
    let exits = exits
    var byReason: [ExitReason: UInt64] = [:]
    func add(_ reason: ExitReason, _ count: UInt64) {
      if count > 0 { byReason[reason, default: 0] += count }
    }
    for number in 0..<UInt32(LedgerLayout.reasonLines) { add(ExitReason(number), exits[Int(number)]) }
    for section in layout.sections {
      for line in section.lines { add(section.window.space.reason(ofLine: line), exits[line]) }
    }
    for (address, line) in unclaimedLines {
      add(address.space.reason(ofLine: line), exits[line])
      add(address.space.reason(ofLine: line + 1), exits[line + 1])
    }
    return byReason
  }

  /// What a line has counted so far.
  public func tally(ofLine line: Int) -> Tally {
    let start = unsafe words + line << LedgerLine.shift
    var tally = Tally()
    unsafe tally.ticks = start[LedgerLine.ticks]
    unsafe tally.items = start[LedgerLine.items]
    unsafe tally.coalesced = start[LedgerLine.coalesced]
    for bucket in LedgerLine.buckets {
      let count = unsafe start[bucket]
      guard count > 0 else { continue }
      tally.exits &+= count
      tally.buckets.append((LedgerLine.lowerBound(ofBucket: bucket), count))
    }
    return tally
  }

  /// The unclaimed addresses with their read lines, behind those for all addresses of a space that have no lines of their
  /// own. Only while the vCPU does not run.
  public var unclaimedLines: [(address: UnclaimedAddress, line: Int)] {
    let others = [Window.Space.port, .memory, .msr].map { space in
      (UnclaimedAddress(space: space, address: nil), Self.line(ofOthersIn: space))
    }
    return others + unclaimed.enumerated().map { ($1, Self.line(ofUnclaimed: $0)) }
  }
}

/// An address at which no device answers.
public struct UnclaimedAddress: Hashable, Sendable {
  public let space: Window.Space
  /// Nil for all addresses of the space beyond the first few.
  public let address: UInt64?
}

/// What a line of the ledger says.
public struct Tally: Sendable {
  /// Returns of KVM_RUN.
  public var exits: UInt64 = 0
  /// Items of string accesses beyond one per exit.
  public var items: UInt64 = 0
  /// Writes from the coalesced ring, which took no exit.
  public var coalesced: UInt64 = 0
  /// Time in the handler, in ticks of the host's time-stamp counter.
  public var ticks: UInt64 = 0
  /// The histogram of that time: the shortest duration of each bucket that is not empty, and its count.
  public var buckets: [(ticks: UInt64, count: UInt64)] = []

  public init() {}

  /// Single accesses of the guest: exits, their further items, and coalesced writes.
  public var accesses: UInt64 { exits &+ items &+ coalesced }

  public static func += (left: inout Tally, right: Tally) {
    left.exits &+= right.exits
    left.items &+= right.items
    left.coalesced &+= right.coalesced
    left.ticks &+= right.ticks
    for bucket in right.buckets {
      if let index = left.buckets.firstIndex(where: { $0.ticks == bucket.ticks }) {
        left.buckets[index].count &+= bucket.count
      } else {
        let place = left.buckets.firstIndex { $0.ticks > bucket.ticks } ?? left.buckets.endIndex
        left.buckets.insert(bucket, at: place)
      }
    }
  }

  /// The duration below which `fraction` of the exits lie, in ticks, to the resolution of the histogram.
  public func quantile(_ fraction: Double) -> UInt64 {
    var left = UInt64(Double(exits) * fraction)
    for (ticks, count) in buckets {
      if left < count { return ticks }
      left -= count
    }
    return buckets.last?.ticks ?? 0
  }
}

extension Window.Space {
  /// The exit reason of a line in this space; writes have the odd lines.
  fileprivate func reason(ofLine line: Int) -> ExitReason {
    switch self {
    case .port: .io
    case .memory: .mmio
    case .msr: line & 1 == 0 ? .rdmsr : .wrmsr
    }
  }
}
