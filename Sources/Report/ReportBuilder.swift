import Board
import Loaders
import Presentation
import VMM
import Witness

/// Turns a run into its report.
public struct ReportBuilder {
  let board: Board
  let ledgers: [Ledger]
  let nanosecondsPerTick: Double

  /// - Parameter board: after its run.
  public init(_ board: Board) {
    self.board = board
    ledgers = board.machine.ledgers
    nanosecondsPerTick = board.machine.timestampFrequency.map { 1e6 / Double($0) } ?? 0
  }

  /// - Parameters:
  ///   - result: what ``Board/run(_:_:)`` said.
  ///   - counts: what the kernel counted, nil where nobody asked it.
  ///   - witness: the other witnesses, nil where nobody called them.
  ///   - marks: what they said at the guest's marks.
  public func report(
    image: BootImage, commandLine: String, result: (outcome: Outcome, duration: Duration),
    counts: KernelCounts?, witness: MachineWitness? = nil, marks: MarkTestimony? = nil
  ) -> RunReport {
    let configuration = board.machine.configuration
    let measurement = board.window.measurement
    let devices = deviceReports(measurement)
    let total = exits(of: ledgers)
    return RunReport(
      host: .current(timestampKHz: board.machine.timestampFrequency),
      guest: RunReport.Guest(
        image: image.name, format: image.format.name, commandLine: commandLine,
        memoryBytes: configuration.memory, cpus: configuration.cpus,
        irqchip: configuration.interruptControllers.rawValue, nics: board.nics.map(\.description)),
      outcome: RunReport.OutcomeReport(result.outcome),
      durationSeconds: result.duration.seconds,
      exits: total,
      vcpus: ledgers.enumerated().map { RunReport.VCPUReport(index: $0, exits: exits(of: [$1])) },
      devices: devices,
      kernel: RunReport.KernelReport(
        counts, board.machine, haltedInUserSpace: total.byReason[ExitReason.hlt.name] ?? 0),
      window: measurement.map { windowReport($0, marks) }, witness: witness.map { witnessReport($0) })
  }

  // MARK: Devices

  private func deviceReports(_ measurement: MeasuredWindow.Measurement?) -> [RunReport.DeviceReport] {
    var reports = board.devices.enumerated().map { index, device in
      deviceReport(device, packets: measurement?.packets[index], measurement)
    }
    reports.append(unclaimedReport())
    return reports
  }

  private func deviceReport(
    _ device: Device, packets measured: UInt64?, _ measurement: MeasuredWindow.Measurement?
  ) -> RunReport.DeviceReport {
    let rows = ledgers[0].layout.sections.filter { $0.device === device }.flatMap(rows(of:))
    var report = RunReport.DeviceReport(name: device.name, rows: rows, nanosecondsPerTick)
    let counters = device.counters
    report.kicks = counters.kicks
    report.interrupts = counters.interrupts
    report.faults = device.faults.lines
    report.moreFaults = device.faults.more
    if let packets = counters.packets {
      report.packets = RunReport.Packets(packets)
      // Within the window if the guest set one, else over the whole run.
      let moved = measured ?? max(packets.transmitted, packets.received)
      let exits = measurement.map { exitsInWindow(of: device, $0) } ?? report.exits
      report.exitsPerPacket = moved > 0 ? Double(exits) / Double(moved) : nil
    }
    return report
  }

  private func rows(of section: LedgerLayout.Section) -> [Row] {
    section.window.registers.registers.enumerated().compactMap { number, register in
      let line = section.firstLine + 2 * number
      return Row(
        name: register.name, space: section.window.space, offset: UInt64(register.offset),
        read: tally(line), write: tally(line + 1)
      ).ifUsed
    }
  }

  /// The addresses that nobody claims: each vCPU keeps its own list of them.
  private func unclaimedReport() -> RunReport.DeviceReport {
    var rows: [Row] = []
    for ledger in ledgers {
      for (address, line) in ledger.unclaimedLines {
        let row = Row(
          name: address.address.map { hex($0) } ?? "(others)", space: address.space,
          offset: address.address ?? 0, read: ledger.tally(ofLine: line),
          write: ledger.tally(ofLine: line + 1))
        guard let used = row.ifUsed else { continue }
        if let index = rows.firstIndex(where: { $0.name == row.name && $0.space == row.space }) {
          rows[index].read += used.read
          rows[index].write += used.write
        } else {
          rows.append(used)
        }
      }
    }
    rows.sort { ($0.space.rawValue, $0.offset) < ($1.space.rawValue, $1.offset) }
    return RunReport.DeviceReport(name: "unclaimed", rows: rows, nanosecondsPerTick)
  }

  /// A line over all vCPUs.
  func tally(_ line: Int) -> Tally {
    var sum = Tally()
    for ledger in ledgers { sum += ledger.tally(ofLine: line) }
    return sum
  }

  // MARK: Totals

  private func exits(of ledgers: [Ledger]) -> RunReport.Exits {
    var byReason: [String: UInt64] = [:]
    for ledger in ledgers {
      for (reason, count) in ledger.exitsByReason { byReason[reason.name, default: 0] += count }
    }
    return RunReport.Exits(total: byReason.values.reduce(0, +), byReason: byReason)
  }

  private func exitsInWindow(of device: Device, _ measurement: MeasuredWindow.Measurement) -> UInt64 {
    ledgers[0].layout.sections.filter { $0.device === device }.flatMap(\.lines)
      .reduce(0) { $0 + measurement.exits[$1] }
  }

  private func windowRegisters(_ measurement: MeasuredWindow.Measurement) -> [RunReport.WindowRegister] {
    ledgers[0].layout.sections.filter { $0.device.name != Self.marker }.flatMap { section in
      section.window.registers.registers.enumerated().compactMap { number, register in
        let line = section.firstLine + 2 * number
        let (reads, writes) = (measurement.exits[line], measurement.exits[line + 1])
        guard reads + writes > 0 else { return nil }
        return RunReport.WindowRegister(
          device: section.device.name, name: register.name, reads: reads, writes: writes)
      }
    }
  }

  /// The device whose two writes bracket the window, and stand outside it.
  private static let marker = "marker"

  private func windowReport(
    _ measurement: MeasuredWindow.Measurement, _ marks: MarkTestimony?
  ) -> RunReport.WindowReport {
    let seconds = measurement.duration.seconds
    let packets = measurement.packets.compactMap { $0 }.reduce(0, +)
    var exits: [String: UInt64] = [:]
    for device in board.devices where device.name != Self.marker {
      let count = exitsInWindow(of: device, measurement)
      if count > 0 { exits[device.name] = count }
    }
    return RunReport.WindowReport(
      seconds: seconds, exits: exits, registers: windowRegisters(measurement),
      coalesced: measurement.coalesced, kicks: measurement.kicks, interrupts: measurement.interrupts,
      packets: packets, packetsPerSecond: packets > 0 && seconds > 0 ? Double(packets) / seconds : nil,
      witness: marks?.difference)
  }
}

/// A register's line of the report, before times become nanoseconds.
struct Row {
  let name: String
  let space: Window.Space
  let offset: UInt64
  var read: Tally
  var write: Tally

  /// Nil where nothing was counted.
  var ifUsed: Row? { read.accesses &+ write.accesses > 0 ? self : nil }
}
