import HostFacts
import Presentation

extension AttachReport {
  /// What an attachment has counted up to its last update.
  ///
  /// - Parameter end: nil while counting goes on.
  init(_ attachment: Attachment, host: HostFacts, end: End?) {
    let plan = attachment.plan
    let threads = attachment.threads.sorted { $0.number < $1.number }
    let vcpus = threads.filter(\.tally.isVCPU)
    self.host = host
    self.end = end
    target = TargetReport(
      pid: attachment.target.pid, command: attachment.target.command, machines: attachment.target.machines,
      vcpus: attachment.target.vcpus)
    durationSeconds = attachment.duration.seconds
    self.threads = Threads(
      atStart: attachment.initialCount, appeared: attachment.appearedCount, ended: attachment.endedCount,
      refused: attachment.refusedCount)
    tracepoints = plan.entries.indices.map { index in
      let entry = plan.entries[index]
      return TracepointReport(
        name: entry.kind.rawValue, count: vcpus.map { $0.tally.counts[index] }.reduce(0, +),
        lost: entry.decoder == nil ? nil : vcpus.map { $0.tally.lost(index) }.reduce(0, +))
    }
    self.vcpus = vcpus.enumerated().map { VCPUReport($1, index: $0, plan) }
    userSpace = Exits(self.vcpus.map(\.userSpace), isThere: plan.index(of: .userSpaceExit) != nil)
    hardware = Exits(self.vcpus.map(\.hardware), isThere: plan.index(of: .exit) != nil)
    let placesExits = plan.decodes(.userSpaceExit)
    let book = attachment.book
    addresses = book.lines.filter { $0.exits > 0 }
      .map { AddressReport($0, book.ranges, placesExits: placesExits) }.sorted { $0.order < $1.order }
    ranges = book.ranges.enumerated().map { index, range in
      RangeReport(range, book.lines.filter { $0.range == index }, placesExits: placesExits)
    }
    records = Records(
      lost: tracepoints.compactMap(\.lost).reduce(0, +),
      unplaced: vcpus.map(\.tally.unplaced).reduce(0, +))
    unavailable = plan.unavailable
    unavailable["threads"] = attachment.refusal
  }
}

extension TracepointPlan {
  /// Where a tracepoint stands in the lists of counts, nil where this host does not count it.
  func index(of kind: KVMTracepoint) -> Int? { entries.firstIndex { $0.kind == kind } }

  func decodes(_ kind: KVMTracepoint) -> Bool { entries.contains { $0.kind == kind && $0.decoder != nil } }
}

extension AttachReport.Exits {
  /// A sum over vCPUs; nil where the host does not count these exits.
  fileprivate init?(_ parts: [AttachReport.Exits?], isThere: Bool) {
    guard isThere else { return nil }
    total = 0
    byReason = [:]
    for part in parts.compactMap(\.self) {
      total += part.total
      byReason.merge(part.byReason, uniquingKeysWith: +)
    }
  }

  /// The kernel's count, and the reasons of the records.
  fileprivate init<Reason>(_ total: UInt64, _ reasons: [Reason: UInt64], name: (Reason) -> String) {
    self.total = total
    byReason = Dictionary(reasons.map { (name($0.key), $0.value) }, uniquingKeysWith: +)
  }
}

extension AttachReport.VCPUReport {
  fileprivate init(_ thread: WatchedThread, index: Int, _ plan: TracepointPlan) {
    let tally = thread.tally
    self.index = index
    self.thread = thread.number
    name = thread.name
    vcpu = tally.vcpu
    appeared = thread.appeared
    userSpace = plan.index(of: .userSpaceExit).map {
      AttachReport.Exits(tally.counts[$0], tally.userSpace, name: \.name)
    }
    hardware = plan.index(of: .exit).map {
      AttachReport.Exits(tally.counts[$0], tally.hardware, name: \.name)
    }
    let names = plan.entries.map(\.kind.rawValue)
    tracepoints = Dictionary(uniqueKeysWithValues: zip(names, tally.counts).filter { $0.1 > 0 })
  }
}

extension AttachReport.AddressReport {
  fileprivate init(_ line: AddressBook.Line, _ ranges: [NamedRange], placesExits: Bool) {
    space = line.space.rawValue
    address = line.address
    name = line.range.map { ranges[$0].name }
    exits = line.exits
    reads = line.reads
    writes = line.writes
    let tells = placesExits && line.space.reachesUserSpace
    userSpace = tells ? line.userSpace : nil
    undecided = tells ? line.undecided : nil
  }

  /// By space, then by address; those without one last.
  fileprivate var order: (Int, UInt64) {
    (AddressBook.Space.allCases.firstIndex { $0.rawValue == space } ?? 0, address ?? .max)
  }
}

extension AttachReport.RangeReport {
  fileprivate init(_ range: NamedRange, _ lines: [AddressBook.Line], placesExits: Bool) {
    func sum(_ value: (AddressBook.Line) -> UInt64) -> UInt64 { lines.map(value).reduce(0, +) }
    name = range.name
    first = range.addresses.lowerBound
    last = range.addresses.upperBound
    exits = sum(\.exits)
    reads = sum(\.reads)
    writes = sum(\.writes)
    userSpace = placesExits ? sum(\.userSpace) : nil
    undecided = placesExits ? sum(\.undecided) : nil
  }
}

extension AddressBook.Space {
  /// Whether its accesses can be followed to user space. The kernel traces no others of MSRs and CPUID than its own.
  fileprivate var reachesUserSpace: Bool { self == .port || self == .memory }
}
