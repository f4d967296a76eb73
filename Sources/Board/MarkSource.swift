import E1000
import Platform
import Serial
import Synchronization
import VMM
import Virtio

/// What a mark looks at: the machine and its devices, which come to be after the device that marks.
final class MarkSource: Sendable {
  private struct Parts {
    let machine: Machine
    let devices: [Device]
    let onMark: @Sendable (Bool) -> Void
  }
  private let parts = Mutex<Parts?>(nil)

  /// - Parameter onMark: told with each mark, outside the window.
  func set(_ machine: Machine, _ devices: [Device], onMark: @escaping @Sendable (Bool) -> Void) {
    parts.withLock { $0 = Parts(machine: machine, devices: devices, onMark: onMark) }
  }

  func clear() {
    parts.withLock { $0 = nil }
  }

  func snapshot(isBegin: Bool) -> MeasuredWindow.Snapshot {
    let time = ContinuousClock.now
    guard let parts = (parts.withLock { $0 }) else {
      return MeasuredWindow.Snapshot(time: time, exits: [], coalesced: [], counters: [])
    }
    // A NIC's clock or thread, or the user's input, would else interrupt between one witness and the next. No other device
    // counts, and none is entered: a vCPU in the PCI host may be waiting for a NIC. The UART comes first, for a vCPU stays
    // in it for as long as nobody reads the guest's output, and meanwhile the supervisor needs the NICs.
    let held =
      parts.devices.filter { $0 is UART } + parts.devices.filter { $0 is E1000 || $0 is VirtioTransport }
    return Self.holding(held[...]) {
      parts.onMark(isBegin)
      let ledgers = parts.machine.ledgers
      let counters = parts.devices.map { device in
        held.contains { $0 === device } ? device.counters : DeviceCounters()
      }
      return MeasuredWindow.Snapshot(
        time: time, exits: Self.sum(ledgers.map(\.exits)), coalesced: Self.sum(ledgers.map(\.coalesced)),
        counters: counters)
    }
  }

  /// Runs `body` with the gates of all `devices` closed, in their order. Nobody else holds one while waiting for another.
  private static func holding<R>(_ devices: ArraySlice<Device>, _ body: () -> R) -> R {
    guard let first = devices.first else { return body() }
    return first.exclusively { holding(devices.dropFirst(), body) }
  }

  /// Line by line over all vCPUs.
  private static func sum(_ counts: [[UInt64]]) -> [UInt64] {
    guard var sum = counts.first else { return [] }
    for more in counts.dropFirst() { for line in sum.indices { sum[line] &+= more[line] } }
    return sum
  }
}
