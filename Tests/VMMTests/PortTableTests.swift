import TestSupport
import Testing

@testable import VMM

/// What the run loop finds for each port, against a search through all windows and all their registers.
@Suite struct PortTableTests {
  private struct Answer: Equatable {
    let device: ObjectIdentifier
    let access: UInt64
    let line: Int
  }

  /// Devices with one to three windows each, which touch, leave gaps, and reach both ends of the port space.
  private func randomDevices(_ random: inout SplitMix64) -> [Device] {
    var cuts = Set((0..<30).map { _ in UInt64.random(in: 0...0x1_0000, using: &random) })
    cuts.formUnion([0, 1, 0xffff, 0x1_0000])
    let sorted = cuts.sorted()
    var windows = zip(sorted, sorted.dropFirst()).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
      .map { Window(.port, base: $0, count: $1 - $0, registers: randomMap(&random)) }
    // What lies in other spaces must not show.
    windows.append(Window(.memory, base: 0, count: 1 << 20, registers: randomMap(&random)))
    windows.append(Window(.msr, base: 0, count: 1 << 20, registers: randomMap(&random)))
    windows.shuffle(using: &random)
    var devices: [Device] = []
    while !windows.isEmpty {
      let count = min(windows.count, Int.random(in: 1...3, using: &random))
      devices.append(Device(name: "d\(devices.count)", windows: Array(windows.suffix(count))))
      windows.removeLast(count)
    }
    return devices
  }

  private func randomMap(_ random: inout SplitMix64) -> RegisterMap {
    let granule = [1, 2, 4].randomElement(using: &random)!
    let registers = (0..<Int.random(in: 0...9, using: &random)).map {
      Register("R\($0)", at: .random(in: 0...40, using: &random), count: .random(in: 1...9, using: &random))
    }
    return RegisterMap(granule: granule, registers)
  }

  /// The answers by the documentation alone: of devices, the ledger's sections and registers.
  private func naive(_ bus: Bus) -> [Answer?] {
    var answers = [Answer?](repeating: nil, count: 0x1_0000)
    for device in bus.devices {
      for (index, window) in device.windows.enumerated() where window.space == .port {
        let section = bus.layout.sections.first {
          $0.device === device && $0.window.space == .port && $0.window.base == window.base
        }!
        for offset in 0..<window.count {
          answers[Int(window.base + offset)] = Answer(
            device: ObjectIdentifier(device),
            access: Access(window: index, offset: Int(offset), size: 0).bits,
            line: section.firstLine + 2 * window.registers.number(at: offset))
        }
      }
    }
    return answers
  }

  private func found(_ table: PortTable, _ ledger: Ledger, _ port: Int) -> Answer? {
    guard let entry = unsafe table.entries[port] else { return nil }
    return Answer(
      device: unsafe entry.device._withUnsafeGuaranteedRef { ObjectIdentifier($0) }, access: entry.access,
      line: unsafe (entry.line - ledger.words) / LedgerLine.words)
  }

  @Test(arguments: 1...8) func `each of the 65,536 ports finds its device, its access and its line`(
    seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    let bus = try Bus(randomDevices(&random))
    let ledger = try Ledger(layout: bus.layout)
    let table = try PortTable(bus, ledger)
    let expected = naive(bus)
    #expect(expected.contains { $0 != nil })
    #expect((0..<0x1_0000).filter { found(table, ledger, $0) != expected[$0] } == [])
  }

  @Test func `without devices no port is anybody's`() throws {
    let bus = try Bus([])
    let ledger = try Ledger(layout: bus.layout)
    let table = try PortTable(bus, ledger)
    #expect((0..<0x1_0000).allSatisfy { found(table, ledger, $0) == nil })
  }

  @Test func `an entry is found by a shift`() {
    let stride = MemoryLayout<PortTable.Entry?>.stride
    #expect(stride & (stride - 1) == 0)
  }
}
