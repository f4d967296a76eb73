import TestSupport
import Testing
import VMM

@testable import PCI

@Suite("MSI-X")
struct MSIXTests {
  let ports = ConfigurationPorts()
  let nic = TestNIC()

  init() {
    ports.host.attach(nic, at: 3)
  }

  private func control(_ value: UInt64) { ports.write(3, 0x5a, size: 2, value) }

  private func write(_ offset: Int, _ value: UInt64, size: Int = 4) {
    nic.write(Access(window: 3, offset: offset, size: size), value)
  }

  private func read(_ offset: Int, size: Int = 4) -> UInt64 {
    nic.read(Access(window: 3, offset: offset, size: size))
  }

  private var table: MSIXTable { nic.function.msix! }
  private var pending: UInt64 { read(0x800, size: 8) }

  /// Programs a vector and leaves it masked or not.
  private func program(_ vector: Int, data: UInt64, isMasked: Bool = false) {
    write(16 * vector, 0xfee0_1000)
    write(16 * vector + 4, 0)
    write(16 * vector + 8, data)
    write(16 * vector + 12, isMasked ? 1 : 0)
  }

  @Test("a message goes out as it was programmed")
  func sends() {
    control(0x8000)
    program(1, data: 0x41)
    table.signal(1)
    table.signal(1)
    #expect(
      nic.messages[1].delivered == [
        .init(address: 0xfee0_1000, data: 0x41), .init(address: 0xfee0_1000, data: 0x41),
      ])
    #expect(table.sent == 2)
    #expect(pending == 0)
  }

  @Test("after reset all vectors are masked, and MSI-X is off")
  func reset() {
    for vector in 0..<3 { #expect(read(16 * vector + 12) == 1) }
    table.signal(0)
    #expect(pending == 0)
    control(0x8000)
    table.signal(0)
    #expect(pending == 1)
    #expect(nic.messages[0].delivered.isEmpty)
  }

  @Test(
    "what is held by a mask, the function's mask or bus mastering off waits, and goes once",
    arguments: [0, 1, 2])
  func holds(kind: Int) {
    control(0x8000)
    program(2, data: 0x42)
    switch kind {
    case 0: write(44, 1)
    case 1: control(0xc000)
    default: ports.write(3, 0x04, size: 2, 0x03)
    }
    table.signal(2)
    table.signal(2)
    #expect(pending == 4)
    #expect(nic.messages[2].delivered.isEmpty)
    switch kind {
    case 0: write(44, 0)
    case 1: control(0x8000)
    default: ports.write(3, 0x04, size: 2, 0x07)
    }
    #expect(pending == 0)
    #expect(nic.messages[2].delivered == [.init(address: 0xfee0_1000, data: 0x42)])
  }

  @Test("a message that was changed while masked goes as it is now")
  func changed() {
    control(0x8000)
    program(0, data: 0x40)
    write(12, 1)
    table.signal(0)
    write(8, 0x50)
    write(12, 0)
    #expect(nic.messages[0].delivered.map { $0?.data } == [0x50])
  }

  @Test("vectors that are not there, NO_VECTOR among them, send nothing")
  func absent() {
    control(0x8000)
    for vector in [3, 64, 0xffff, -1, .max] { table.signal(vector) }
    #expect(pending == 0)
    #expect(nic.messages.allSatisfy { $0.delivered.isEmpty })
  }

  @Test("quad words are two double words, and the pending bits cannot be written")
  func widths() {
    write(0, 0x1234_5678_fee0_2000, size: 8)
    #expect(read(0) == 0xfee0_2000)
    #expect(read(4) == 0x1234_5678)
    #expect(read(0, size: 8) == 0x1234_5678_fee0_2000)
    write(8, 0xffff_ffff_0000_0043, size: 8)
    #expect(read(12) == 1, "reserved bits are not there")
    var lines: [String] = []
    table.onFault = { lines.append($0) }
    write(0x800, ~0, size: 8)
    #expect(pending == 0)
    write(0, 0xff, size: 1)
    write(2, 0xff, size: 4)
    write(4, 0xff, size: 8)
    #expect(read(0, size: 8) == 0x1234_5678_fee0_2000)
    #expect(lines.count == 4)
  }

  /// What the specification says of one vector.
  private struct Model {
    var isMasked = true
    var isPending = false
    var sent = 0
  }

  @Test("masks, pending bits and messages are those of a model", arguments: [1, 2, 3] as [UInt64])
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var models = [Model](repeating: Model(), count: 3)
    var (isEnabled, isMasked, isMaster) = (false, false, true)
    for _ in 0..<5000 {
      let vector = Int.random(in: 0..<3, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0:
        isEnabled = Int.random(in: 0..<8, using: &random) > 0
        isMasked = Bool.random(using: &random)
        control((isEnabled ? 0x8000 : 0) | (isMasked ? 0x4000 : 0))
        if !isEnabled { for index in 0..<3 { models[index].isPending = false } }
      case 1:
        isMaster = Int.random(in: 0..<4, using: &random) > 0
        ports.write(3, 0x04, size: 2, isMaster ? 7 : 3)
      case 2:
        models[vector].isMasked = Bool.random(using: &random)
        write(
          16 * vector + 12,
          .random(in: 0...0xffff_ffff, using: &random) & ~1 | (models[vector].isMasked ? 1 : 0))
      case 3:
        // Of any size anywhere but at the vector controls: no bit of the model changes.
        let offset = [Int.random(in: 48..<0x1_0000, using: &random), 16 * vector, 16 * vector + 8]
          .randomElement(
            using: &random)!
        write(
          offset, .random(in: 0...0xffff_ffff, using: &random),
          size: [1, 2, 4].randomElement(using: &random)!)
      default:
        if isEnabled { models[vector].isPending = true }
        table.signal(vector)
      }
      for index in 0..<3
      where isEnabled && !isMasked && isMaster && !models[index].isMasked && models[index].isPending {
        models[index].isPending = false
        models[index].sent += 1
      }
      #expect(
        pending == models.enumerated().reduce(0) { $0 | ($1.element.isPending ? 1 << UInt64($1.offset) : 0) })
      #expect(nic.messages.map(\.delivered.count) == models.map(\.sent))
    }
  }
}
