import TestSupport
import Testing

@testable import VMM

/// Routing: from an address to the device that answers there.
@Suite struct BusTests {
  private let names = RegisterMap([])

  private func device(_ name: String, _ windows: [(Window.Space, UInt64, UInt64)]) -> Device {
    Device(
      name: name, windows: windows.map { Window($0.0, base: $0.1, count: $0.2, registers: names) })
  }

  private func route(_ bus: Bus, _ space: Window.Space, _ address: UInt64) -> Route {
    unsafe bus.routes[target(bus, space, address).number]
  }

  private func target(_ bus: Bus, _ space: Window.Space, _ address: UInt64) -> AddressMap.Target {
    switch space {
    case .port: bus.target(ofPort: address)
    case .memory: bus.target(ofMemory: address)
    case .msr: bus.target(ofMSR: address)
    }
  }

  private func name(_ route: Route) -> String { unsafe route.device._withUnsafeGuaranteedRef { $0.name } }

  /// Cuts a part of a space into windows that touch, leave gaps, and reach both its ends.
  private func randomWindows(
    _ space: Window.Space, _ random: inout SplitMix64
  ) -> [(base: UInt64, count: UInt64)] {
    let limit: UInt64 = space == .port ? 1 << 16 : space == .memory ? 1 << 52 : 1 << 32
    var cuts = Set((0..<30).map { _ in UInt64.random(in: 0...limit, using: &random) })
    cuts.formUnion([0, limit])
    let sorted = cuts.sorted()
    return zip(sorted, sorted.dropFirst()).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
      .map { ($0, $1 - $0) }.shuffled(using: &random)
  }

  @Test(arguments: [Window.Space.port, .memory, .msr])
  func `every address finds the window that a search through all of them finds`(space: Window.Space) throws {
    var random = SplitMix64(seed: UInt64(space.rawValue))
    for _ in 0..<20 {
      let windows = randomWindows(space, &random)
      let devices = windows.enumerated().map { device("d\($0)", [(space, $1.base, $1.count)]) }
      let bus = try Bus(devices)
      let limit: UInt64 = space == .port ? 0xffff : space == .memory ? .max : 0xffff_ffff
      let edges = windows.flatMap { [$0.base &- 1, $0.base, $0.base + ($0.count - 1), $0.base + $0.count] }
      for address in edges + (0..<200).map({ _ in UInt64.random(in: 0...limit, using: &random) })
      where address <= limit {
        let expected = windows.firstIndex { address >= $0.base && address - $0.base < $0.count }
        let found = route(bus, space, address)
        #expect(name(found) == expected.map { "d\($0)" } ?? "unclaimed")
        #expect((found.firstLine >= 0) == (expected != nil))
      }
    }
  }

  @Test func `the windows of a device keep their numbers, whatever their order in space`() throws {
    let one = device("one", [(.memory, 0x9000, 16), (.port, 8, 8), (.memory, 0x1000, 16), (.msr, 8, 1)])
    let bus = try Bus([one])
    #expect(route(bus, .memory, 0x9008).window == 0)
    #expect(route(bus, .port, 15).window == 1)
    #expect(route(bus, .memory, 0x1000).window == 2)
    #expect(route(bus, .msr, 8).window == 3)
  }

  @Test func `the spaces do not know each other`() throws {
    let bus = try Bus([device("p", [(.port, 0x100, 1)]), device("m", [(.memory, 0x100, 1)])])
    #expect(name(route(bus, .port, 0x100)) == "p")
    #expect(name(route(bus, .memory, 0x100)) == "m")
    #expect(name(route(bus, .msr, 0x100)) == "unclaimed")
  }

  @Test func `two windows are refused exactly if they share an address, which the error names`() throws {
    var random = SplitMix64(seed: 2)
    for _ in 0..<2000 {
      let space = [Window.Space.port, .memory, .msr].randomElement(using: &random)!
      let windows = (0..<2).map { _ in
        (UInt64.random(in: 0...40, using: &random), UInt64.random(in: 1...20, using: &random))
      }
      let devices = windows.enumerated().map { device("d\($0)", [(space, $1.0, $1.1)]) }
      let shared = Set(windows[0].0..<(windows[0].0 + windows[0].1))
        .intersection(windows[1].0..<(windows[1].0 + windows[1].1))
      do throws(BusError) {
        _ = try Bus(devices)
        #expect(shared.isEmpty)
      } catch {
        let address = try #require(shared.min(), "\(error), though they share nothing")
        #expect(
          error == .overlap("d0", "d1", space: space, at: address)
            || error == .overlap("d1", "d0", space: space, at: address))
      }
    }
  }

  @Test func `a window that encloses another is found, however many lie between`() {
    let outer = device("outer", [(.memory, 0, 1000)])
    let others = (0..<10).map { device("d\($0)", [(.memory, 2000 + $0 * 10, 10)]) }
    let inner = device("inner", [(.memory, 500, 1)])
    #expect(throws: BusError.overlap("outer", "inner", space: .memory, at: 500)) {
      try Bus([inner] + others + [outer])
    }
  }

  @Test(
    arguments: [
      (Window.Space.port, 0xffff, 2), (.port, 0x1_0000, 1), (.memory, 1 << 52, 1), (.memory, 1, 1 << 52),
      (.msr, 0xffff_ffff, 2), (.msr, 1 << 63, 1), (.memory, 1 << 63, (1 << 63) - 1),
    ] as [(Window.Space, UInt64, UInt64)]) func `a window beyond its space is refused`(
      space: Window.Space, base: UInt64, count: UInt64
    )
  {
    #expect(throws: BusError.outOfRange("far", space: space, base: base, count: count)) {
      try Bus([device("far", [(space, base, count)])])
    }
  }

  @Test func `there may be as many windows as ports, each with a number of its own`() throws {
    let devices = (UInt64(0)..<0x1_0000).map { device("d\($0)", [(.port, $0, 1)]) }
    let bus = try Bus(devices.shuffled())
    let found = (UInt64(0)..<0x1_0000).map { name(route(bus, .port, $0)) }
    #expect(found == devices.map(\.name))
    #expect(Set((UInt64(0)..<0x1_0000).map { bus.target(ofPort: $0).number }).count == 0x1_0000)
    #expect(throws: BusError.self) { try Bus(devices + [device("more", [(.port, 0x8000, 1)])]) }
  }

  @Test func `no two registers share a line of the ledger`() throws {
    let map = RegisterMap([Register("A", at: 0), Register("B", at: 1)])
    let devices = (0..<20).map { index in
      Device(
        name: "d\(index)",
        windows: [
          Window(.port, base: UInt64(index) * 4, count: 4, registers: map),
          Window(.memory, base: UInt64(index) * 4, count: 4, registers: map),
        ])
    }
    let layout = try Bus(devices).layout
    var lines = Set(0..<(LedgerLayout.firstUnclaimedLine + 2 * LedgerLayout.unclaimedSlots))
    for section in layout.sections {
      for line in section.firstLine..<(section.firstLine + 2 * 3) {
        #expect(lines.insert(line).inserted, "line \(line) of \(section.device.name)")
      }
    }
    #expect(lines == Set(0..<layout.lineCount))
  }
}
