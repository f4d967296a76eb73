import Board
import HostFacts
import VMM
import Witness

extension Board {
  /// What the other witnesses are to look at.
  public var witnessPlan: WitnessPlan {
    WitnessPlan(
      host: .current, devices: devices.map { WitnessPlan.Place($0) },
      hasKernelInterruptControllers: machine.configuration.interruptControllers == .kernel,
      interruptLines: interruptLines.map(\.number).sorted(), hasMessages: machine.hasMessageInterrupts)
  }
}

extension ReportBuilder {
  /// What the witnesses say now. While the machine runs: on the thread of its only vCPU.
  public func testimony(_ witness: MachineWitness) -> MachineWitness.Testimony {
    witness.testimony(on: board.machine, machineFacts)
  }

  func witnessReport(_ witness: MachineWitness) -> RunReport.WitnessReport {
    let facts = machineFacts
    let testimony = witness.testimony(on: board.machine, facts)
    var devices = (facts.devices + [facts.unclaimed]).map { device in
      RunReport.WitnessReport.Device(
        name: device.name, userSpace: device.exits.values.reduce(0, +),
        kernel: [Window.Space.port, .memory, .msr].reduce(0) { $0 + device.absorbed($1) },
        interrupts: board.devices.first { $0.name == device.name }?.counters.interrupts)
    }
    devices += testimony.kernelDevices.map {
      RunReport.WitnessReport.Device(name: $0.name, userSpace: 0, kernel: $0.answered, interrupts: nil)
    }
    return RunReport.WitnessReport(
      devices: devices, lines: testimony.lines, statistics: testimony.statistics,
      unavailable: testimony.unavailable)
  }

  /// What the ledger and the devices know, in the witnesses' terms.
  private var machineFacts: MachineFacts {
    MachineFacts(
      exits: exitsByReason, devices: board.devices.map(facts(of:)), unclaimed: unclaimedFacts,
      raised: Dictionary(
        board.interruptLines.map { ($0.number, $0.line.raised) }, uniquingKeysWith: +),
      messages: board.messagesSent, strays: board.machine.strays)
  }

  private var exitsByReason: [ExitReason: UInt64] {
    var exits: [ExitReason: UInt64] = [:]
    for ledger in ledgers { exits.merge(ledger.exitsByReason, uniquingKeysWith: +) }
    return exits
  }

  private func facts(of device: Device) -> MachineFacts.Device {
    var facts = MachineFacts.Device(name: device.name)
    for section in ledgers[0].layout.sections where section.device === device {
      let space = section.window.space
      for line in section.lines {
        let tally = tally(line)
        facts.exits[space, default: 0] += tally.exits
        facts.coalesced[space, default: 0] += tally.coalesced
      }
      facts.doorbells[space, default: 0] += section.window.doorbells.reduce(0) { $0 + $1.total() }
    }
    return facts
  }

  private var unclaimedFacts: MachineFacts.Device {
    var facts = MachineFacts.Device(name: "unclaimed")
    for ledger in ledgers {
      for (address, line) in ledger.unclaimedLines {
        let exits = ledger.tally(ofLine: line).exits + ledger.tally(ofLine: line + 1).exits
        facts.exits[address.space, default: 0] += exits
      }
    }
    return facts
  }
}
