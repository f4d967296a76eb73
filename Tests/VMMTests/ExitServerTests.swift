import TestSupport
import Testing

@testable import VMM

/// The exit path on a page that the test fills: what the device is asked, what the guest gets, what is counted.
@Suite struct ExitServerTests {
  private static let registers = RegisterMap([
    Register("A", at: 0), Register("B", at: 1, count: 3), Register("C", at: 6, count: 2),
  ])

  private func device(_ space: Window.Space, base: UInt64, count: UInt64 = 8) -> RecordingDevice {
    RecordingDevice(
      name: "d", windows: [Window(space, base: base, count: count, registers: Self.registers)])
  }

  /// The register map above, by hand.
  private func register(_ offset: Int) -> Int { [1, 2, 2, 2, 0, 0, 3, 3][offset] }

  private func littleEndian(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  @Test
  func `OUT, single or repeated: the device gets each item, the ledger one exit and the items beyond it`()
    throws
  {
    var random = SplitMix64(seed: 1)
    for _ in 0..<300 {
      let device = device(.port, base: 0x100)
      let kernel = try FakeKernel([device])
      let offset = Int.random(in: 0..<8, using: &random)
      let size = [1, 2, 4].randomElement(using: &random)!
      let count = Bool.random(using: &random) ? 1 : Int.random(in: 1...(4096 / size), using: &random)
      let data = (0..<(size * count)).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = kernel.port(UInt16(0x100 + offset), size: size, count: count, isWrite: true, data: data)
      #expect(
        device.records
          == (0..<count).map {
            .init(offset: offset, size: size, value: littleEndian(data[($0 * size)..<($0 * size + size)]))
          })
      let line = kernel.bus.layout.sections[0].firstLine + 2 * register(offset) + 1
      expectOnly(line, in: kernel.ledger, exits: 1, items: UInt64(count - 1))
    }
  }

  @Test func `IN, single or repeated: the guest gets each answer, cut to its width, in the order asked`()
    throws
  {
    var random = SplitMix64(seed: 2)
    for _ in 0..<300 {
      let device = device(.port, base: 0x100)
      let kernel = try FakeKernel([device])
      let offset = Int.random(in: 0..<8, using: &random)
      let size = [1, 2, 4].randomElement(using: &random)!
      let count = Bool.random(using: &random) ? 1 : Int.random(in: 1...(4096 / size), using: &random)
      // More than was asked for: the rest must not spill into the next item.
      var answers = random
      device.answer = { _ in answers.next() }
      var same = random
      let expected = (0..<count).flatMap { _ in
        let answer: UInt64 = same.next()
        return (0..<size).map { UInt8(truncatingIfNeeded: answer >> ($0 * 8)) }
      }
      #expect(
        kernel.port(UInt16(0x100 + offset), size: size, count: count, isWrite: false) == expected)
      #expect(device.records == Array(repeating: .init(offset: offset, size: size, value: nil), count: count))
      let line = kernel.bus.layout.sections[0].firstLine + 2 * register(offset)
      expectOnly(line, in: kernel.ledger, exits: 1, items: UInt64(count - 1))
      random = same
    }
  }

  @Test func `a device cannot tell by which way an access came`() throws {
    final class Device: VMM.Device, @unchecked Sendable {
      var accesses: [Access] = []
      override func read(_ access: Access) -> UInt64 {
        accesses.append(access)
        return 0
      }
      override func write(_ access: Access, _ value: UInt64) { accesses.append(access) }
    }
    let map = Self.registers
    let device = Device(
      name: "d",
      windows: [
        Window(.memory, base: 0, count: 8, registers: map), Window(.port, base: 0, count: 8, registers: map),
      ])
    let kernel = try FakeKernel([device])
    for size in [1, 2, 4] {
      for offset in 0..<8 {
        for isWrite in [false, true] {
          device.accesses = []
          _ = kernel.port(UInt16(offset), size: size, count: 1, isWrite: isWrite)
          _ = kernel.port(UInt16(offset), size: size, count: 2, isWrite: isWrite)
          #expect(kernel.coalesce(.port, UInt64(offset), size: size, 0))
          kernel.drain()
          let expected = Access(window: 1, offset: offset, size: size)
          #expect(device.accesses == Array(repeating: expected, count: 4))
        }
      }
    }
  }

  @Test(arguments: 1...8) func `memory is read and written in each width, the bytes above are zero`(
    size: Int
  ) throws {
    let device = device(.memory, base: 0xd000_0000)
    let ones = Access(offset: 0, size: size).ones
    device.answer = { _ in 0x8899_aabb_ccdd_eeff }
    let kernel = try FakeKernel([device])
    #expect(kernel.memory(0xd000_0001, size: size, isWrite: false) == 0x8899_aabb_ccdd_eeff & ones)
    _ = kernel.memory(0xd000_0006, size: size, isWrite: true, 0x1122_3344_5566_7788)
    #expect(
      device.records == [
        .init(offset: 1, size: size, value: nil),
        .init(offset: 6, size: size, value: 0x1122_3344_5566_7788 & ones),
      ])
    let first = kernel.bus.layout.sections[0].firstLine
    #expect(kernel.ledger.tally(ofLine: first + 2 * 2).exits == 1)
    #expect(kernel.ledger.tally(ofLine: first + 2 * 3 + 1).exits == 1)
  }

  @Test func `the access says which window of the device it is`() throws {
    let device = RecordingDevice(
      name: "d",
      windows: [
        Window(.memory, base: 0x2000, count: 16, registers: Self.registers),
        Window(.port, base: 0x40, count: 1, registers: Self.registers),
        Window(.memory, base: 0x1000, count: 16, registers: Self.registers),
        Window(.msr, base: 0x99, count: 2, registers: Self.registers),
      ])
    let kernel = try FakeKernel([device])
    _ = kernel.memory(0x2000, size: 1, isWrite: false)
    _ = kernel.port(0x40, size: 1, count: 1, isWrite: false)
    _ = kernel.memory(0x100f, size: 1, isWrite: false)
    _ = kernel.msr(0x9a, isWrite: false)
    #expect(device.records.map(\.window) == [0, 1, 2, 3])
    #expect(device.records.map(\.offset) == [0, 0, 15, 1])
  }

  @Test func `a model-specific register answers in 64 bits, and one that is nobody's raises #GP`() throws {
    let device = device(.msr, base: 0x5356_4d00, count: 2)
    device.answer = { _ in 0x1234_5678_9abc_def0 }
    let kernel = try FakeKernel([device])
    #expect(kernel.msr(0x5356_4d00, isWrite: false) == 0x1234_5678_9abc_def0)
    #expect(kernel.msr(0x5356_4d01, isWrite: true, .max) == .max)
    #expect(kernel.msr(0x5356_4d02, isWrite: false) == nil)
    #expect(kernel.msr(0x5356_4cff, isWrite: true, 5) == nil)
    #expect(
      device.records == [.init(offset: 0, size: 8, value: nil), .init(offset: 1, size: 8, value: .max)])
    #expect(
      unclaimed(kernel) == [
        .init(space: .msr, address: 0x5356_4d02): [1, 0], .init(space: .msr, address: 0x5356_4cff): [0, 1],
      ])
  }

  @Test(arguments: [1, 2, 4]) func `where nobody answers a port reads all ones in every item`(size: Int)
    throws
  {
    let kernel = try FakeKernel([device(.port, base: 0x100)])
    #expect(kernel.port(0xff, size: size, count: 1, isWrite: false) == Array(repeating: 0xff, count: size))
    #expect(
      kernel.port(0x108, size: size, count: 9, isWrite: false) == Array(repeating: 0xff, count: size * 9))
    _ = kernel.port(0xff, size: size, count: 1, isWrite: true, data: [1, 2, 3, 4])
    #expect(
      unclaimed(kernel) == [
        .init(space: .port, address: 0xff): [1, 1], .init(space: .port, address: 0x108): [1, 0],
      ])
  }

  @Test(arguments: 1...8) func `where nobody answers memory reads all ones, up to the last address`(size: Int)
    throws
  {
    let kernel = try FakeKernel([device(.memory, base: 0x1000)])
    for address in [0, 0xfff, 0x1008, 1 << 52, .max] as [UInt64] {
      #expect(kernel.memory(address, size: size, isWrite: false) == Access(offset: 0, size: size).ones)
      _ = kernel.memory(address, size: size, isWrite: true, 1)
    }
    #expect(unclaimed(kernel).count == 5)
    #expect(unclaimed(kernel).values.allSatisfy { $0 == [1, 1] })
  }

  /// Exits of the unclaimed addresses, reads and writes.
  private func unclaimed(_ kernel: FakeKernel) -> [UnclaimedAddress: [UInt64]] {
    var result: [UnclaimedAddress: [UInt64]] = [:]
    for (address, line) in kernel.ledger.unclaimedLines where address.address != nil {
      result[address] = [line, line + 1].map { kernel.ledger.tally(ofLine: $0).exits }
    }
    return result
  }

  private func expectOnly(_ line: Int, in ledger: Ledger, exits: UInt64, items: UInt64) {
    for other in 0..<ledger.layout.lineCount {
      let tally = ledger.tally(ofLine: other)
      #expect(tally.exits == (other == line ? exits : 0), "line \(other)")
      #expect(tally.items == (other == line ? items : 0), "line \(other)")
    }
  }
}
