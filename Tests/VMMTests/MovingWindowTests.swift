import Synchronization
import TestSupport
import Testing

@testable import VMM

/// Windows that a guest moves while vCPUs look for them.
@Suite struct MovingWindowTests {
  private static let names = RegisterMap([])

  private static func device(_ name: String, _ windows: [Window]) -> Device {
    Device(name: name, windows: windows)
  }

  private static func window(
    _ space: Window.Space, _ base: UInt64, _ count: UInt64, isMovable: Bool = true
  ) -> Window {
    Window(space, base: base, count: count, registers: names, isMovable: isMovable)
  }

  private func target(_ bus: Bus, _ space: Window.Space, _ address: UInt64) -> AddressMap.Target {
    space == .port ? bus.target(ofPort: address) : bus.target(ofMemory: address)
  }

  /// By the rules alone: RAM, then fixed windows, then the others in order, each whole or not at all.
  private func answering(
    _ windows: [Window], _ places: [UInt64?], _ reserved: Bus.Reserved, _ address: UInt64
  ) -> Int? {
    var taken = [reserved.range]
    let order =
      windows.indices.filter { !windows[$0].isMovable } + windows.indices.filter { windows[$0].isMovable }
    for index in order {
      guard let base = places[index] else { continue }
      let range = base...(base + (windows[index].count - 1))
      guard !windows[index].isMovable || !taken.contains(where: range.overlaps) else { continue }
      if range.contains(address) { return index }
      taken.append(range)
    }
    return nil
  }

  @Test(arguments: [Window.Space.port, .memory])
  func `after any moves each address finds whom the rules give it to`(
    space: Window.Space
  ) throws {
    var random = SplitMix64(seed: 5 + UInt64(space.rawValue))
    for _ in 0..<30 {
      let windows = (0..<8).map { index in
        Self.window(
          space, UInt64(index) * 32, .random(in: 1...32, using: &random), isMovable: index > 2)
      }
      let devices = windows.enumerated().map { Self.device("d\($0)", [$1]) }
      let ram = Bus.Reserved(space: space, range: 300...310, name: "RAM")
      let bus = try Bus(devices, reserved: [ram])
      var places = windows.map { Optional($0.base) }
      for _ in 0..<40 {
        let moved = Int.random(in: 3..<8, using: &random)
        let before = places[moved]
        places[moved] =
          Int.random(in: 0..<5, using: &random) == 0 ? nil : .random(in: 0...330, using: &random)
        let faults = bus.place(0, of: devices[moved], at: places[moved])
        let wrong = (UInt64(0)..<400).filter { address in
          let expected = answering(windows, places, ram, address)
          let found = target(bus, space, address)
          return found.number != expected.map { $0 + 1 } ?? 0
            || expected.map { places[$0] != found.base } ?? false
        }
        #expect(wrong == [])
        if let place = places[moved], place != before, answering(windows, places, ram, place) != moved {
          #expect(faults.contains { $0.hasPrefix("d\(moved) at \(hex(place)) ") }, "\(faults)")
        }
      }
    }
  }

  @Test func `a place beyond the space is nowhere, and said`() throws {
    let device = Self.device("far", [Self.window(.memory, 0x1000, 0x1000)])
    let bus = try Bus([device])
    let bases: [UInt64] = [.max, 1 << 52, (1 << 52) - 0xfff, .max - 0xffe]
    for base in bases {
      #expect(
        bus.place(0, of: device, at: base)
          == ["far at \(hex(base)) is beyond the end of memory: it answers nowhere"])
      #expect(bus.target(ofMemory: base) == .nobody)
      #expect(bus.target(ofMemory: 0x1000) == .nobody)
    }
    #expect(bus.place(0, of: device, at: 0x1000) == [])
    #expect(bus.target(ofMemory: 0x1fff) == .init(number: 1, base: 0x1000))
  }

  @Test func `fixed windows and windows of others do not move`() throws {
    let fixed = Self.device("fixed", [Self.window(.memory, 0x1000, 16, isMovable: false)])
    let bus = try Bus([fixed])
    let stranger = Self.device("stranger", [Self.window(.memory, 0x1000, 16)])
    for device in [fixed, stranger] {
      for index in [-1, 0, 1] { #expect(bus.place(index, of: device, at: 0x5000) == []) }
    }
    #expect(bus.target(ofMemory: 0x1000).number == 1)
  }

  @Test func `a movable window of ports is found, though the table has fixed ones only`() throws {
    let moving = RecordingDevice(name: "moving", windows: [Self.window(.port, 0xc000, 64)])
    let fixed = RecordingDevice(name: "fixed", windows: [Self.window(.port, 0x500, 8, isMovable: false)])
    let kernel = try FakeKernel([moving, fixed])
    _ = kernel.port(0xc004, size: 4, count: 1, isWrite: true, data: [1, 0, 0, 0])
    _ = kernel.bus.place(0, of: moving, at: 0xd000)
    _ = kernel.port(0xd008, size: 2, count: 1, isWrite: true, data: [2, 0])
    _ = kernel.port(0xc004, size: 4, count: 1, isWrite: true, data: [3, 0, 0, 0])
    // Over the fixed one, which wins.
    _ = kernel.bus.place(0, of: moving, at: 0x4f0)
    _ = kernel.port(0x500, size: 1, count: 1, isWrite: true, data: [4])
    _ = kernel.port(0x4f0, size: 1, count: 1, isWrite: true, data: [5])
    #expect(
      moving.records == [.init(offset: 4, size: 4, value: 1), .init(offset: 8, size: 2, value: 2)])
    #expect(fixed.records == [.init(offset: 0, size: 1, value: 4)])
    // Both places have the same line.
    let line = kernel.bus.layout.sections[0].firstLine + 1
    #expect(kernel.ledger.tally(ofLine: line).exits == 2)
  }

  @Test func `while windows move, no thread sees a route that never was`() throws {
    let windows: [Window] = (0..<6).map { Self.window(.memory, UInt64($0) << 20, 0x1000 << UInt64($0)) }
    let devices = windows.enumerated().map { Self.device("d\($0)", [$1]) }
    let bus = try Bus(devices)
    let isDone = Atomic<Bool>(false)
    let torn = Atomic<Int>(0)
    let found = Atomic<Int>(0)
    onThreads(3) { thread in
      var random = SplitMix64(seed: UInt64(thread))
      if thread == 0 {
        for _ in 0..<2_000 {
          let moved = Int.random(in: 0..<6, using: &random)
          let slot = UInt64.random(in: 0..<8, using: &random)
          _ = bus.place(0, of: devices[moved], at: slot == 7 ? nil : slot << 20)
        }
        isDone.store(true, ordering: .releasing)
      }
      while !isDone.load(ordering: .acquiring) {
        let address = UInt64.random(in: 0..<8 << 20, using: &random)
        let target = bus.target(ofMemory: address)
        guard target != .nobody else { continue }
        found.add(1, ordering: .relaxed)
        let isWhole =
          (1...6).contains(target.number) && target.base & 0xf_ffff == 0 && address >= target.base
          && address - target.base < windows[target.number - 1].count
        if !isWhole { torn.add(1, ordering: .relaxed) }
      }
    }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(found.load(ordering: .relaxed) > 0)
  }

  @Test func `what the witnesses cannot tell by addresses is known: elsewhere, or missed at home`() throws {
    let moving = RecordingDevice(
      name: "moving",
      windows: [Self.window(.memory, 0xd000_0000, 16), Self.window(.port, 0xc000, 64)])
    let kernel = try FakeKernel([moving])
    #expect(kernel.bus.strays == [])
    // Off and on again, as who asks for the size does.
    _ = kernel.bus.place(0, of: moving, at: nil)
    _ = kernel.bus.place(0, of: moving, at: 0xd000_0000)
    _ = kernel.memory(0xd000_0000, size: 4, isWrite: false)
    _ = kernel.memory(0xd000_0010, size: 4, isWrite: false)
    #expect(kernel.bus.strays == [])
    _ = kernel.bus.place(1, of: moving, at: nil)
    _ = kernel.port(0xc001, size: 1, count: 1, isWrite: false)
    #expect(kernel.bus.strays == [.port])
    _ = kernel.bus.place(0, of: moving, at: 0xe000_0000)
    #expect(kernel.bus.strays == [.port, .memory])
  }
}
