import Platform
import Synchronization
import VMM

/// What a mark looks at: the machine and its devices, which come to be after the device that marks.
final class MarkSource: Sendable {
  private struct Parts {
    let machine: Machine
    let devices: [Device]
  }
  private let parts = Mutex<Parts?>(nil)

  func set(_ machine: Machine, _ devices: [Device]) {
    parts.withLock { $0 = Parts(machine: machine, devices: devices) }
  }

  func clear() {
    parts.withLock { $0 = nil }
  }

  func snapshot() -> MeasuredWindow.Snapshot {
    let time = ContinuousClock.now
    guard let parts = (parts.withLock { $0 }) else {
      return MeasuredWindow.Snapshot(time: time, exits: [], counters: [])
    }
    var exits: [UInt64] = []
    for ledger in parts.machine.ledgers {
      let counts = ledger.exits
      if exits.isEmpty { exits = counts } else { for line in counts.indices { exits[line] &+= counts[line] } }
    }
    // The marker's own gate is closed at this moment.
    let counters = parts.devices.map { device in
      device is Marker ? DeviceCounters() : device.exclusively { device.counters }
    }
    return MeasuredWindow.Snapshot(time: time, exits: exits, counters: counters)
  }
}
