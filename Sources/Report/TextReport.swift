import Presentation
import VMM

extension RunReport {
  /// The report for people: how the run ended, then one line per device with its registers below it.
  public var text: String {
    var lines = [headline]
    if let crash = outcome.crash { lines += crash.lines }
    lines.append("")
    lines += table.lines
    lines.append("")
    lines.append(totals)
    lines.append(kernelLine)
    lines += devices.compactMap(\.packetLine)
    if let window { lines.append(window.line) }
    for device in devices { lines += device.faultLines }
    if let witness { lines += witness.text }
    return lines.joined(separator: "\n") + "\n"
  }

  private var headline: String {
    let what =
      switch outcome.kind {
      case "exited": "the guest ended with status \(outcome.status)"
      case "reset": "the guest asked for a reset"
      case "halted": "the guest halted for good"
      case "system-event": "the guest asked for an end"
      case "crashed": "the guest crashed"
      case "time-limit": "the time limit ended the run"
      case "interrupted": "ended from outside"
      default: "the run failed"
      }
    let detail = outcome.detail.map { ": \($0)" } ?? ""
    let cpus = guest.cpus == 1 ? "1 vCPU" : "\(guest.cpus) vCPUs"
    return "swiftvmm: \(guest.image): \(what)\(detail) "
      + "(exit status \(outcome.status), \(decimal(durationSeconds, 3)) s, \(cpus), \(host.kvm))"
  }

  private var table: TextTable {
    var table = TextTable(["device", "exits", "reads", "writes", "handler median", "99 %"])
    for device in devices where device.exits + device.reads + device.writes > 0 {
      table.add([
        device.name, grouped(device.exits), grouped(device.reads), grouped(device.writes),
        time(device.handler.medianNs), time(device.handler.p99Ns),
      ])
      for register in device.registers {
        table.add([
          "  " + register.name, grouped(register.exits), grouped(register.reads), grouped(register.writes),
          time(register.handler.medianNs), time(register.handler.p99Ns),
        ])
      }
    }
    return table
  }

  private var totals: String {
    let reasons = exits.byReason.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let list = reasons.map { "\($0.key) \(grouped($0.value))" }.joined(separator: ", ")
    var line = "exits to user space: \(grouped(exits.total))" + (list.isEmpty ? "" : " (\(list))")
    if vcpus.count > 1 {
      line += "; by vCPU: " + vcpus.map { grouped($0.exits.total) }.joined(separator: ", ")
    }
    return line
  }

  private var kernelLine: String {
    func item(_ name: String, _ count: UInt64?) -> String {
      "\(name) " + (count.map(grouped) ?? "unavailable: \(kernel.unavailable[name] ?? "not asked for")")
    }
    return "answered by the kernel: \(item("cpuid", kernel.cpuid)), \(item("hlt", kernel.hlt))"
  }
}

extension RunReport.CrashReport {
  /// The registers, four to a line, and the code bytes.
  fileprivate var lines: [String] {
    let known = Crash.registerNames.compactMap { name in
      registers[name].map { "\(padded(name, 6)) \(padded($0, 18))" }
    }
    let rows = stride(from: 0, to: known.count, by: 4).map {
      "  " + known[$0..<min($0 + 4, known.count)].joined(separator: " ")
    }
    return ["vCPU \(vcpu), exit reason \(reason):"] + rows
      + ["  code at RIP: " + (code.isEmpty ? "not mapped" : code)]
  }
}

extension RunReport.DeviceReport {
  fileprivate var packetLine: String? {
    guard let packets else { return nil }
    var line =
      "\(name): \(grouped(packets.tx)) packets sent, \(grouped(packets.rx)) received, \(grouped(packets.lost)) lost, "
      + "\(grouped(packets.corrupt)) corrupt, \(grouped(packets.dropped)) dropped; kicks \(grouped(kicks ?? 0)), "
      + "interrupts \(grouped(interrupts ?? 0))"
    if let exitsPerPacket { line += "; \(decimal(exitsPerPacket, 3)) exits a packet" }
    return line
  }

  fileprivate var faultLines: [String] {
    faults.map { "\(name): \($0)" }
      + (moreFaults > 0 ? ["\(name): and \(grouped(moreFaults)) more like these"] : [])
  }
}

extension RunReport.WindowReport {
  fileprivate var line: String {
    let list = exits.sorted { $0.key < $1.key }.map { "\($0.key) \(grouped($0.value))" }
    var line =
      "between the guest's marks: \(decimal(seconds, 6)) s, exits "
      + (list.isEmpty ? "none" : list.joined(separator: ", "))
    if let packetsPerSecond { line += ", \(grouped(UInt64(packetsPerSecond))) packets/s" }
    return line
  }
}
