import Synchronization

/// Finds the device that answers at an address: ports, guest physical memory and MSRs.
///
/// Which windows there are is settled before the vCPUs start; where the movable ones lie may change while they run
/// (``place(_:of:at:)``), and all of them look without a lock (``AddressMap``).
@safe
public final class Bus: @unchecked Sendable {
  public let devices: [Device]
  public let layout: LedgerLayout
  /// Route 0 is the unclaimed device's; route n is that of the layout's section n − 1.
  let routes: UnsafeMutablePointer<Route>
  private let ports: AddressMap
  private let memory: AddressMap
  private let msrs: AddressMap
  private let reserved: [Reserved]
  private let unclaimed: Device
  private let noNames = RegisterMap([])
  private let whereabouts: Mutex<Whereabouts>
  /// Nothing has moved yet, and ``noteStray(_:_:)`` has nothing to look at.
  private let hasMoved = Atomic<Bool>(false)

  /// Addresses at which a movable window answers to nobody, because they never come here.
  struct Reserved: Sendable {
    let space: Window.Space
    let range: ClosedRange<UInt64>
    /// Who has them: `RAM`, `lapic`.
    let name: String
  }

  /// - Parameter reserved: what KVM answers by itself.
  /// - Throws: ``BusError`` where windows overlap or lie outside their space.
  init(_ devices: [Device], reserved: [Reserved]) throws(BusError) {
    var layout = LedgerLayout()
    let nobody = Device(name: "unclaimed", windows: [])
    var all = [Route(unclaimed: nobody, noNames: noNames)]
    for device in devices {
      for (index, window) in device.windows.enumerated() {
        guard Self.lies(window, at: window.base) else {
          throw .outOfRange(device.name, space: window.space, base: window.base, count: window.count)
        }
        all.append(Route(to: device, window: index, firstLine: layout.add(window, of: device)))
      }
    }
    let sections = layout.sections
    func map(_ space: Window.Space) throws(BusError) -> AddressMap {
      let places = sections.enumerated().filter { $1.window.space == space }
        .map { AddressMap.Place($1.window, at: $1.window.base, number: $0 + 1) }.sorted { $0.base < $1.base }
      for (one, next) in zip(places, places.dropFirst()) where one.last >= next.base {
        throw .overlap(
          sections[one.number - 1].device.name, sections[next.number - 1].device.name, space: space,
          at: next.base)
      }
      return AddressMap(places, capacity: places.count)
    }
    ports = try map(.port)
    memory = try map(.memory)
    msrs = try map(.msr)
    self.devices = devices
    self.layout = layout
    self.reserved = reserved
    unclaimed = nobody
    whereabouts = Mutex(Whereabouts(layout))
    unsafe routes = .allocate(capacity: all.count)
    unsafe routes.initialize(from: all, count: all.count)
  }

  /// - Throws: ``BusError`` where windows overlap or lie outside their space.
  public convenience init(_ devices: [Device]) throws(BusError) {
    try self.init(devices, reserved: [])
  }

  deinit {
    unsafe routes.deallocate()
  }

  /// The windows of ports that never move, and the numbers of their routes.
  var fixedPorts: [(number: Int, window: Window)] {
    layout.sections.enumerated().filter { $1.window.space == .port && !$1.window.isMovable }
      .map { ($0 + 1, $1.window) }
  }

  /// The route to a port.
  @inline(__always)
  func target(ofPort port: UInt64) -> AddressMap.Target { ports.target(of: port) }

  /// The route to a guest physical address.
  @inline(__always)
  func target(ofMemory address: UInt64) -> AddressMap.Target { memory.target(of: address) }

  /// The route to an MSR.
  @inline(__always)
  func target(ofMSR index: UInt64) -> AddressMap.Target { msrs.target(of: index) }

  private static func lies(_ window: Window, at base: UInt64) -> Bool {
    let limit: UInt64 =
      switch window.space {
      case .port: 1 << 16
      case .memory: 1 << 52
      case .msr: 1 << 32
      }
    return base < limit && window.count <= limit - base
  }
}

// MARK: Windows that move

extension Bus {
  /// What is known of the windows' places beside the maps.
  private struct Whereabouts {
    /// Where each window is to lie, by section; nil for nowhere.
    var wanted: [UInt64?]
    /// Where it answers: there, or nowhere.
    var answers: [UInt64?]
    /// The spaces in which a guest met a movable window elsewhere than where it lay first, or missed it there.
    var strays: Set<Window.Space> = []

    init(_ layout: LedgerLayout) {
      wanted = layout.sections.map(\.window.base)
      answers = wanted
    }
  }

  /// A window that goes from one place to another.
  struct Move: Equatable {
    let section: Int
    let from: UInt64?
    let to: UInt64?
  }

  /// Lets a movable window lie at `base`, nil for nowhere. Others may give way to it, or come back.
  ///
  /// - Parameters:
  ///   - leaving: told what moves, before it does; what went wrong.
  ///   - arriving: the same after it has.
  /// - Returns: one line for each window that answers nowhere because of it, and what went wrong.
  func place(
    _ index: Int, of device: Device, at base: UInt64?, leaving: ([Move]) -> [String] = { _ in [] },
    arriving: ([Move]) -> [String] = { _ in [] }
  ) -> [String] {
    whereabouts.withLock { state in
      guard let section = section(index, of: device), state.wanted[section] != base else { return [] }
      state.wanted[section] = base
      let space = layout.sections[section].window.space
      var faults: [String] = []
      let answers = settle(space, state.wanted, moved: section, &faults)
      let moves = answers.filter { state.answers[$0.section] != $0.base }
        .map { Move(section: $0.section, from: state.answers[$0.section], to: $0.base) }
      guard !moves.isEmpty else { return faults }
      faults += leaving(moves)
      for move in moves {
        state.answers[move.section] = move.to
        if let to = move.to, to != layout.sections[move.section].window.base { state.strays.insert(space) }
      }
      hasMoved.store(true, ordering: .relaxed)
      (space == .port ? ports : memory).replace(
        with: answers.compactMap { section, base in
          base.map { AddressMap.Place(layout.sections[section].window, at: $0, number: section + 1) }
        })
      return faults + arriving(moves)
    }
  }

  /// Where windows of a space answer by section, in order of precedence: those that never move, then the others as they
  /// come on the bus. One that reaches over another that has precedence answers nowhere.
  ///
  /// - Parameter moved: what its move hides is said in `faults`.
  private func settle(
    _ space: Window.Space, _ wanted: [UInt64?], moved: Int, _ faults: inout [String]
  ) -> [(section: Int, base: UInt64?)] {
    let sections = layout.sections.indices.filter { layout.sections[$0].window.space == space }
    let ordered =
      sections.filter { !layout.sections[$0].window.isMovable }
      + sections.filter { layout.sections[$0].window.isMovable }
    var taken: [(range: ClosedRange<UInt64>, section: Int)] = []
    return ordered.map { section in
      let window = layout.sections[section].window
      guard let base = wanted[section] else { return (section, nil) }
      guard window.isMovable else {
        taken.append((base...(base + (window.count - 1)), section))
        return (section, base)
      }
      let isNew = section == moved
      guard Self.lies(window, at: base) else {
        if isNew {
          faults.append(
            "\(name(section)) at \(hex(base)) is beyond the end of \(space.name): it answers nowhere")
        }
        return (section, nil)
      }
      let range = base...(base + (window.count - 1))
      if let owner = reserved.first(where: { $0.space == space && $0.range.overlaps(range) }) {
        if isNew {
          faults.append("\(name(section)) at \(hex(base)) lies over \(owner.name): it answers nowhere")
        }
        return (section, nil)
      }
      if let other = taken.first(where: { $0.range.overlaps(range) }) {
        if isNew || other.section == moved {
          faults.append(
            "\(name(section)) at \(hex(base)) lies over \(name(other.section)): it answers nowhere")
        }
        return (section, nil)
      }
      taken.append((range, section))
      return (section, base)
    }
  }

  private func section(_ index: Int, of device: Device) -> Int? {
    guard let first = layout.sections.firstIndex(where: { $0.device === device }),
      device.windows.indices.contains(index), device.windows[index].isMovable
    else { return nil }
    return first + index
  }

  private func name(_ section: Int) -> String {
    let device = layout.sections[section].device
    let first = layout.sections.firstIndex { $0.device === device }!
    return device.windows.count == 1 ? device.name : "window \(section - first) of \(device.name)"
  }

  /// An access met nobody: whether it missed a window that lay there first.
  @inline(never)
  func noteStray(_ space: Window.Space, _ address: UInt64) {
    guard hasMoved.load(ordering: .relaxed) else { return }
    let isHome = layout.sections.contains { section in
      section.window.isMovable && section.window.space == space && address >= section.window.base
        && address - section.window.base < section.window.count
    }
    guard isHome else { return }
    whereabouts.withLock { _ = $0.strays.insert(space) }
  }

  /// The spaces in which some access did not go where the windows lay first, so that addresses alone do not tell whose it
  /// was.
  var strays: Set<Window.Space> { whereabouts.withLock { $0.strays } }
}

extension AddressMap.Place {
  fileprivate init(_ window: Window, at base: UInt64, number: Int) {
    self.init(base: base, last: base + (window.count - 1), number: number)
  }
}
