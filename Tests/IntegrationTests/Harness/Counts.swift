import Report
import Testing

/// Single accesses to a register, or to all of a device.
struct Counts: Equatable, CustomTestStringConvertible {
  let reads: UInt64
  let writes: UInt64

  init(reads: UInt64 = 0, writes: UInt64 = 0) {
    self.reads = reads
    self.writes = writes
  }

  var testDescription: String { "\(reads) reads, \(writes) writes" }
}

extension RunReport {
  /// A device's part; fails where there is none of that name.
  func device(_ name: String) throws -> DeviceReport {
    try #require(devices.first { $0.name == name }, "no device \(name) in the report")
  }

  /// The accesses to each register of each device that had any.
  var counts: [String: [String: Counts]] {
    Dictionary(uniqueKeysWithValues: devices.map { ($0.name, $0.counts) }).filter { !$0.value.isEmpty }
  }
}

extension RunReport.DeviceReport {
  /// The accesses by register.
  var counts: [String: Counts] {
    Dictionary(uniqueKeysWithValues: registers.map { ($0.name, Counts(reads: $0.reads, writes: $0.writes)) })
  }
}

/// Expects what holds in every report: each exit is counted once in every view of the run.
func checkSums(_ report: RunReport, _ sourceLocation: SourceLocation = #_sourceLocation) {
  func expect(_ left: UInt64, _ right: UInt64, _ what: Comment) {
    #expect(left == right, what, sourceLocation: sourceLocation)
  }
  expect(report.exits.total, report.exits.byReason.values.reduce(0, +), "total = sum over the reasons")
  expect(report.exits.total, report.vcpus.map(\.exits.total).reduce(0, +), "total = sum over the vCPUs")
  let byReason = report.vcpus.map(\.exits.byReason).reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  #expect(
    report.exits.byReason == byReason, "each reason = sum over the vCPUs", sourceLocation: sourceLocation)

  let ofDevices = ["io", "mmio", "rdmsr", "wrmsr"].map { report.exits.byReason[$0] ?? 0 }.reduce(0, +)
  expect(ofDevices, report.devices.map(\.exits).reduce(0, +), "device reasons = sum over the devices")
  for device in report.devices {
    let registers = device.registers
    expect(device.exits, registers.map(\.exits).reduce(0, +), "\(device.name): exits = sum over registers")
    expect(device.reads, registers.map(\.reads).reduce(0, +), "\(device.name): reads = sum over registers")
    expect(device.writes, registers.map(\.writes).reduce(0, +), "\(device.name): writes = sum over registers")
    #expect(
      device.exits + device.coalesced <= device.reads + device.writes, "\(device.name): an exit is an access",
      sourceLocation: sourceLocation)
    expect(device.exits, device.handler.histogram.map(\.exits).reduce(0, +), "\(device.name): histogram")
    for register in registers {
      expect(
        register.exits, register.handler.histogram.map(\.exits).reduce(0, +),
        "\(device.name) \(register.name): histogram")
    }
  }
}

extension Counts {
  static func + (left: Counts, right: Counts) -> Counts {
    Counts(reads: left.reads + right.reads, writes: left.writes + right.writes)
  }
  static func += (left: inout Counts, right: Counts) { left = left + right }
  static func * (counts: Counts, times: UInt64) -> Counts {
    Counts(reads: counts.reads * times, writes: counts.writes * times)
  }
}

extension RunReport.Packets {
  /// Sent, received, lost, corrupt, dropped.
  var list: [UInt64] { [tx, rx, lost, corrupt, dropped] }
}
