import NetBackends
import TestSupport
import Testing
import VMM
import VirtioNet

@Suite("Commands, filters and features of virtio-net")
struct ControlTests {
  private let recorder = Recorder()
  /// CTRL_VQ, CTRL_RX, CTRL_VLAN, CTRL_RX_EXTRA, CTRL_MAC_ADDR
  private static let control: UInt64 = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 23
  private static let own: [UInt8] = VirtioNet.defaultMAC
  private static let broadcast: [UInt8] = Array(repeating: 0xff, count: 6)
  private static let multicast: [UInt8] = [1, 0, 0x5e, 0, 0, 1]
  private static let stranger: [UInt8] = [2, 9, 9, 9, 9, 9]

  private func driver(_ features: UInt64 = control) throws -> NetDriver {
    let driver = try NetDriver(backend: recorder)
    driver.start(features)
    #expect(driver.status == 15)
    return driver
  }

  /// Whether a frame for `destination` comes through.
  private func admits(_ driver: NetDriver, _ destination: [UInt8], vlan: UInt16? = nil) -> Bool {
    var frame = destination + Array(repeating: UInt8(7), count: 54)
    if let vlan { frame.replaceSubrange(12..<16, with: [0x81, 0, UInt8(vlan >> 8), UInt8(vlan & 0xff)]) }
    recorder.pending = [frame]
    let before = driver.packets.received
    driver.offer(NetDriver.receive, cut: [200], writable: true)
    driver.kick(NetDriver.receive)
    #expect(recorder.pending.isEmpty)
    #expect(driver.packets.dropped == 0)
    return driver.packets.received == before + 1
  }

  @Test("Until promiscuous mode is off all frames come, then those for the device and all stations")
  func promiscuous() throws {
    let driver = try driver()
    let all = [Self.own, Self.broadcast, Self.multicast, Self.stranger]
    #expect(all.map { admits(driver, $0) } == [true, true, true, true])
    #expect(driver.command(0, 0, [0]) == 0)
    #expect(all.map { admits(driver, $0) } == [true, true, false, false])
    #expect(driver.command(0, 0, [1]) == 0)
    #expect(all.map { admits(driver, $0) } == [true, true, true, true])
  }

  @Test(
    "Each switch lets its kind of frames in or keeps it out",
    arguments: [
      (1, [true, true, true, false]), (2, [true, true, false, true]), (3, [true, true, false, false]),
      (4, [false, true, false, false]), (5, [true, false, false, false]),
    ] as [(UInt8, [Bool])])
  func modes(mode: UInt8, expected: [Bool]) throws {
    let driver = try driver()
    _ = driver.command(0, 0, [0])
    #expect(driver.command(0, mode, [1]) == 0)
    #expect([Self.own, Self.broadcast, Self.multicast, Self.stranger].map { admits(driver, $0) } == expected)
    #expect(driver.command(0, mode, [0]) == 0)
    #expect(admits(driver, Self.own) && admits(driver, Self.broadcast) && !admits(driver, Self.multicast))
  }

  private func table(_ addresses: [[UInt8]], count: UInt32? = nil) -> [UInt8] {
    let count = count ?? UInt32(addresses.count)
    return (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + addresses.flatMap { $0 }
  }

  @Test("The tables of addresses let their frames in, and replace each other")
  func tables() throws {
    let driver = try driver()
    _ = driver.command(0, 0, [0])
    #expect(driver.command(1, 0, table([Self.stranger]) + table([Self.multicast])) == 0)
    #expect(admits(driver, Self.stranger) && admits(driver, Self.multicast) && admits(driver, Self.own))
    #expect(!admits(driver, [2, 9, 9, 9, 9, 8]))
    #expect(driver.command(1, 0, table([]) + table([])) == 0)
    #expect(!admits(driver, Self.stranger) && !admits(driver, Self.multicast) && admits(driver, Self.own))
  }

  @Test("Of more addresses than the table has, all frames of the kind come", arguments: [64, 65, 1000])
  func overflow(count: Int) throws {
    let driver = try driver()
    _ = driver.command(0, 0, [0])
    let addresses = (0..<count).map { [2, 0, 0, 0, UInt8($0 >> 8), UInt8($0 & 0xff)] }
    #expect(driver.command(1, 0, table(addresses) + table([])) == 0)
    #expect(admits(driver, Self.stranger) == (count > 64))
    #expect(admits(driver, addresses[count - 1]))
    #expect(!admits(driver, Self.multicast))
  }

  @Test("The address that is set is received, stands in the configuration, and is the old one after a reset")
  func address() throws {
    let driver = try driver()
    _ = driver.command(0, 0, [0])
    let generation = driver.read(0xfc)
    #expect(driver.command(1, 1, Self.stranger) == 0)
    #expect((0..<6).map { UInt8(driver.read(0x100 + $0, size: 1)) } == Self.stranger)
    #expect(driver.read(0xfc) != generation)
    #expect(admits(driver, Self.stranger) && !admits(driver, Self.own))
    #expect(driver.command(1, 1, Self.multicast) == 1)
    driver.write(0x70, 0)
    #expect((0..<6).map { UInt8(driver.read(0x100 + $0, size: 1)) } == Self.own)
  }

  @Test("Frames of a VLAN come if it was added; those without one always")
  func vlans() throws {
    let driver = try driver()
    _ = driver.command(0, 0, [0])
    #expect(
      !admits(driver, Self.own, vlan: 5) && admits(driver, Self.own) && admits(driver, Self.own, vlan: 0))
    #expect(driver.command(2, 0, [5, 0]) == 0)
    #expect(driver.command(2, 0, [0xff, 0xf]) == 0)
    #expect(admits(driver, Self.own, vlan: 5) && admits(driver, Self.own, vlan: 0x2fff))
    #expect(!admits(driver, Self.own, vlan: 6))
    #expect(driver.command(2, 1, [5, 0]) == 0)
    #expect(!admits(driver, Self.own, vlan: 5) && admits(driver, Self.own, vlan: 4095))
    #expect(driver.command(2, 0, [0, 0x10]) == 1)
  }

  @Test(
    "A command that cannot be is answered with an error, and changes nothing",
    arguments: [
      (0, 0, []), (0, 0, [2]), (0, 0, [0, 0]), (0, 6, [0]), (0, 255, [0]), (1, 0, []), (1, 0, [0, 0, 0]),
      (1, 0, [0, 0, 0, 0]), (1, 0, [1, 0, 0, 0, 2, 2, 2, 2, 2]), (1, 0, [255, 255, 255, 255]),
      (1, 0, [0, 0, 0, 0, 255, 255, 255, 127]), (1, 0, [0, 0, 0, 0, 0, 0, 0, 0, 0]), (1, 1, [2, 2, 2, 2, 2]),
      (1, 1, [2, 2, 2, 2, 2, 2, 2]), (1, 2, []), (2, 0, [1]), (2, 1, [1, 0, 0]), (2, 2, [1, 0]), (3, 0, []),
      (4, 0, [1, 0]), (5, 0, [0, 0, 0, 0, 0, 0, 0, 0]), (255, 255, [255]),
    ] as [(UInt8, UInt8, [UInt8])])
  func refused(group: UInt8, number: UInt8, data: [UInt8]) throws {
    let driver = try driver()
    #expect(driver.command(group, number, data) == 1)
    #expect(driver.device.faults.lines.count == 1)
    #expect(driver.status == 15)
    #expect(admits(driver, Self.stranger))
    #expect((0..<6).map { UInt8(driver.read(0x100 + $0, size: 1)) } == Self.own)
    #expect(driver.command(0, 0, [0]) == 0)
  }

  @Test(
    "Commands need their features",
    arguments: [(0, 0, [0]), (0, 2, [1]), (1, 1, [2, 2, 2, 2, 2, 2]), (2, 0, [1, 0])]
      as [(UInt8, UInt8, [UInt8])])
  func notNegotiated(group: UInt8, number: UInt8, data: [UInt8]) throws {
    let driver = try driver(1 << 17)
    #expect(driver.command(group, number, data) == 1)
  }

  @Test("A command without room for the answer, without a command, or longer than memory")
  func malformed() throws {
    let driver = try driver()
    driver.offer(NetDriver.control, cut: [3], writable: false)
    driver.offer(NetDriver.control, cut: [1], writable: true)
    driver.offer(NetDriver.control, cut: [1, 1], writable: true)
    driver.kick(NetDriver.control)
    #expect((0..<3).map { driver.usedElement(NetDriver.control, $0).length } == [0, 1, 1])
    #expect(
      driver.device.faults.lines == [
        "command without room for an answer", "command of less than 2 bytes", "command of less than 2 bytes",
      ])
    driver.offer(NetDriver.control, at: 0x70_0000, cut: [0x20_0000], writable: false)
    driver.kick(NetDriver.control)
    #expect(driver.status == 15 | 64)
  }

  @Test("Whatever is commanded, each command is answered", arguments: 0..<8)
  func noise(seed: UInt64) throws {
    var numbers = SplitMix64(seed: seed)
    let driver = try driver(Self.control | 1 << 2 | 1 << 1)
    for _ in 0..<2000 {
      let data = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in
        UInt8.random(in: 0...3, using: &numbers)
      }
      let answer = driver.command(
        .random(in: 0...6, using: &numbers), .random(in: 0...6, using: &numbers), data)
      #expect(answer == 0 || answer == 1)
    }
    #expect(driver.status == 15)
  }

  @Test(
    "Features that need others are refused without them",
    arguments: [
      ([7], false), ([8, 7], false), ([7, 1], true), ([9, 1], false), ([9, 8, 1], true), ([11], false),
      ([12, 0], true),
      ([13, 0], false), ([13, 11, 0], true), ([18], false), ([19], false), ([20], false), ([23], false),
      ([2], false),
      ([2, 18, 19, 20, 23, 17], true), ([0, 1, 3, 15, 28, 29], true),
    ] as [([UInt64], Bool)])
  func dependencies(bits: [UInt64], isGood: Bool) throws {
    let driver = try NetDriver(backend: Recorder(takes: [.checksum, .tcp4, .tcp6, .ecn]))
    driver.negotiate(bits.reduce(NetDriver.plainFeatures) { $0 | 1 << $1 })
    #expect(driver.status == (isGood ? 11 : 3))
    #expect(driver.device.faults.lines.isEmpty == isGood)
  }

  @Test("A driver that knows the MTU gets no longer frames", arguments: [68, 1500, 9000])
  func mtu(mtu: Int) throws {
    let driver = try NetDriver(backend: recorder, mtu: mtu)
    for (features, received) in [(1 << 3, 1), (0, 2)] as [(UInt64, UInt64)] {
      let before = driver.packets.received
      driver.start(features)
      for queue in 0..<2 { driver.ram.slice(driver.available(queue), 0x4000)!.clear() }
      recorder.pending = [mtu + 18, mtu + 19].map { Array(repeating: 0, count: $0) }
      for index in 0..<2 {
        driver.offer(NetDriver.receive, at: 0x50_0000 + index * 0x4000, cut: [0x4000], writable: true)
      }
      driver.kick(NetDriver.receive)
      #expect(driver.packets.received - before == received)
    }
    #expect(driver.packets.dropped == 1)
  }
}
