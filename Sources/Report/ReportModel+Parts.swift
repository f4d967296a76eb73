import HostFacts
import VMM
import Witness

extension RunReport.DeviceReport {
  init(name: String, rows: [Row], _ nanosecondsPerTick: Double) {
    self.name = name
    var all = Tally()
    var read = Tally()
    var write = Tally()
    for row in rows {
      read += row.read
      write += row.write
    }
    all += read
    all += write
    exits = all.exits
    reads = read.accesses
    writes = write.accesses
    coalesced = all.coalesced
    handler = RunReport.HandlerTime(all, nanosecondsPerTick)
    registers = rows.map { RunReport.RegisterReport($0, nanosecondsPerTick) }
    faults = []
    moreFaults = 0
  }
}

extension RunReport.RegisterReport {
  init(_ row: Row, _ nanosecondsPerTick: Double) {
    var all = row.read
    all += row.write
    name = row.name
    space = row.space.name
    offset = row.offset
    exits = all.exits
    reads = row.read.accesses
    writes = row.write.accesses
    handler = RunReport.HandlerTime(all, nanosecondsPerTick)
  }
}

extension RunReport.HandlerTime {
  init(_ tally: Tally, _ nanosecondsPerTick: Double) {
    func time(_ ticks: UInt64) -> Double { (Double(ticks) * nanosecondsPerTick * 10).rounded() / 10 }
    totalNs = time(tally.ticks)
    medianNs = time(tally.quantile(0.5))
    p99Ns = time(tally.quantile(0.99))
    histogram = tally.buckets.map { RunReport.Bucket(fromNs: time($0.ticks), exits: $0.count) }
  }
}

extension RunReport.Packets {
  init(_ counters: PacketCounters) {
    tx = counters.transmitted
    rx = counters.received
    lost = counters.lost
    corrupt = counters.corrupt
    dropped = counters.dropped
  }
}

extension RunReport.KernelReport {
  /// KVM's statistics count every HLT, also those that then came to user space.
  init(_ counts: KernelCounts?, _ machine: Machine, haltedInUserSpace: UInt64) {
    unavailable = [:]
    guard let counts else { return }
    switch counts.cpuid {
    case .success(let count): cpuid = count
    case .failure(let why): unavailable["cpuid"] = why.reason
    }
    switch counts.hlt(machine) {
    case .success(let count): hlt = count >= haltedInUserSpace ? count - haltedInUserSpace : 0
    case .failure(let why): unavailable["hlt"] = why.reason
    }
  }
}

extension RunReport.Host {
  /// This machine.
  static func current(timestampKHz: Int?) -> RunReport.Host {
    let facts = HostFacts.current
    return RunReport.Host(
      kvm: facts.kvm.rawValue, kernel: facts.kernel, cpu: facts.cpu, timestampKHz: timestampKHz)
  }
}
