import KVM
import Synchronization

/// Where the windows of a machine's devices lie, on the bus and for KVM: registers whose writes KVM keeps or answers with
/// a signal go with their window.
final class Placement: WindowPlacer, @unchecked Sendable {
  private let vm: VirtualMachine
  /// What KVM says to KVM_CAP_COALESCED_MMIO: the ring's page, 0 without the capability.
  private let coalescedPage: Int
  private let coalescesPorts: Bool
  private let hasDoorbells: Bool
  /// Nil before the machine starts. Weak, for the bus has the devices, and one of those has this.
  private struct Reference {
    weak var bus: Bus?
  }
  private let reference = Mutex(Reference())

  init(_ vm: VirtualMachine, on system: borrowing System) {
    self.vm = vm
    coalescedPage = system.value(of: .coalescedMMIO)
    coalescesPorts = system.value(of: .coalescedPIO) != 0
    hasDoorbells = system.value(of: .ioEventFD) != 0
  }

  /// Tells KVM of all windows where they lie first; the ring of kept writes, if there is one.
  func begin(_ bus: Bus, _ vcpu: VCPU) throws(KVMError) -> CoalescedRing? {
    for window in bus.devices.flatMap(\.windows) {
      for request in requests(window, at: window.base) { try tell(request, isOn: true) }
    }
    reference.withLock { $0.bus = bus }
    let isKept = bus.devices.contains { $0.windows.contains { !zones($0, at: $0.base).isEmpty } }
    return isKept ? CoalescedRing(vcpu, page: coalescedPage) : nil
  }

  var strays: Set<Window.Space> { reference.withLock { $0.bus }?.strays ?? [] }

  /// A write meanwhile is an exit, and goes to the old place or to the new one.
  override func place(_ index: Int, of device: Device, at base: UInt64?) -> [String] {
    guard let bus = reference.withLock({ $0.bus }) else { return [] }
    return bus.place(index, of: device, at: base) {
      tell($0, \.from, isOn: false, bus)
    } arriving: {
      tell($0, \.to, isOn: true, bus)
    }
  }

  // MARK: What KVM is told of a window

  private enum Request {
    case zone(at: UInt64, count: UInt32, isPort: Bool)
    case doorbell(Doorbell, at: UInt64, isPort: Bool)
  }

  private func zones(_ window: Window, at base: UInt64) -> [Request] {
    guard coalescedPage > 0, window.space != .port || coalescesPorts else { return [] }
    return window.coalesced.map {
      .zone(at: base + UInt64($0.lowerBound), count: UInt32($0.count), isPort: window.space == .port)
    }
  }

  private func requests(_ window: Window, at base: UInt64) -> [Request] {
    guard hasDoorbells else { return zones(window, at: base) }
    return zones(window, at: base)
      + window.doorbells.map { .doorbell($0, at: base + UInt64($0.offset), isPort: window.space == .port) }
  }

  private func tell(_ request: Request, isOn: Bool) throws(KVMError) {
    switch request {
    case .zone(let address, let count, let isPort):
      if isOn {
        try vm.coalesceWrites(at: address, count: count, isPort: isPort)
      } else {
        try vm.exitOnWrites(at: address, count: count, isPort: isPort)
      }
    case .doorbell(let bell, let address, let isPort):
      try vm.signal(
        bell.number, onWriteAt: address, length: bell.size, value: bell.value, isPort: isPort, isOn: isOn)
    }
  }

  /// Where KVM does not take a request, the writes are exits.
  private func tell(
    _ moves: [Bus.Move], _ place: KeyPath<Bus.Move, UInt64?>, isOn: Bool, _ bus: Bus
  ) -> [String] {
    var faults: [String] = []
    for move in moves {
      guard let base = move[keyPath: place] else { continue }
      for request in requests(bus.layout.sections[move.section].window, at: base) {
        do throws(KVMError) { try tell(request, isOn: isOn) } catch {
          let device = bus.layout.sections[move.section].device
          // What was refused when it came is not there to be taken back.
          if isOn { faults.append("\(device.name) at \(hex(base)): \(error); its writes are exits") }
        }
      }
    }
    return faults
  }
}
