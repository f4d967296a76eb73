/// Finds the device that answers at an address: ports, guest physical memory and MSRs.
///
/// Built once, before the vCPUs start, and never changed while they run, so they all read it without a lock.
@safe
public final class Bus: @unchecked Sendable {
  public let devices: [Device]
  public let layout: LedgerLayout
  /// Route 0 is the unclaimed device's; then come ports, memory in order of addresses, MSRs.
  let routes: UnsafeMutablePointer<Route>
  /// The numbers of the routes to ports, in order of addresses.
  let ports: Range<Int>
  private let memory: Range<Int>
  private let msrs: Range<Int>
  private let unclaimed: Device
  private let noNames = RegisterMap([])

  /// - Throws: ``BusError`` where windows overlap or lie outside their space.
  public init(_ devices: [Device]) throws(BusError) {
    var layout = LedgerLayout()
    var bySpace: [Window.Space: [Route]] = [:]
    for device in devices {
      for (index, window) in device.windows.enumerated() {
        try Self.checkRange(of: window, device.name)
        bySpace[window.space, default: []].append(
          Route(to: device, window: index, firstLine: layout.add(window, of: device)))
      }
    }
    let nobody = Device(name: "unclaimed", windows: [])
    var all = [Route(unclaimed: nobody, noNames: noNames)]
    func name(of route: Route) -> String { unsafe route.device._withUnsafeGuaranteedRef { $0.name } }
    var ranges: [Range<Int>] = []
    for space in [Window.Space.port, .memory, .msr] {
      let sorted = (bySpace[space] ?? []).sorted { $0.base < $1.base }
      for (one, next) in zip(sorted, sorted.dropFirst()) where one.last >= next.base {
        throw .overlap(name(of: one), name(of: next), space: space, at: next.base)
      }
      ranges.append(all.count..<(all.count + sorted.count))
      all += sorted
    }
    self.devices = devices
    self.layout = layout
    unclaimed = nobody
    ports = ranges[0]
    memory = ranges[1]
    msrs = ranges[2]
    unsafe routes = .allocate(capacity: all.count)
    unsafe routes.initialize(from: all, count: all.count)
  }

  deinit {
    unsafe routes.deallocate()
  }

  /// The number of the route to a port, 0 where no device answers.
  func route(toPort port: UInt64) -> Int { search(ports, port) }

  /// The number of the route to a guest physical address, 0 where no device answers.
  func route(toMemory address: UInt64) -> Int { search(memory, address) }

  /// The number of the route to an MSR, 0 where no device answers.
  func route(toMSR index: UInt64) -> Int { search(msrs, index) }

  /// The last window that begins at or below the address, if it reaches that far.
  private func search(_ range: Range<Int>, _ address: UInt64) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = low &+ (high &- low) / 2
      if unsafe routes[middle].base <= address { low = middle &+ 1 } else { high = middle }
    }
    guard low > range.lowerBound, unsafe address <= routes[low &- 1].last else { return 0 }
    return low &- 1
  }

  private static func checkRange(of window: Window, _ device: String) throws(BusError) {
    let limit: UInt64 =
      switch window.space {
      case .port: 1 << 16
      case .memory: 1 << 52
      case .msr: 1 << 32
      }
    guard window.base < limit, window.count <= limit - window.base else {
      throw .outOfRange(device, space: window.space, base: window.base, count: window.count)
    }
  }
}
