import TestSupport
import Testing
import VMM

@testable import E1000

@Suite("Random drivers")
struct RandomDriverTests {
  let rig = Rig()

  /// Rings full of descriptors that mostly make some sense.
  private func fillMemory(_ random: inout SplitMix64) {
    let rings = rig.memory.view(at: 0, count: 0x3_0000)!
    for offset in stride(from: 0, to: rings.count, by: 16) {
      let address = random.next()
      let isWild = random.next() % 8 == 0
      rings.store(isWild ? address & address << 20 : address & 0x1f_ffff, at: offset)
      rings.store(random.next() & 0x0000_0000_ff10_07ff, at: offset + 8)
    }
  }

  /// A value that a driver, or an attacker who wants to get somewhere, might write to the register.
  private func value(for name: String, _ random: inout SplitMix64) -> UInt64 {
    let any = random.next()
    guard any % 16 != 0 else { return random.next() & 0xffff_ffff }
    return switch name {
    case "TDBAL", "RDBAL": random.next() & 0x2_ffff
    case "TDBAH", "RDBAH": 0
    case "TDLEN", "RDLEN": [128, 256, 1024, 0x4000][Int(random.next() % 4)]
    case "TDT", "RDT", "TDH", "RDH": random.next() % 9
    case "TCTL": random.next() & 0xfffc | 2
    case "RCTL": random.next() & 0x0603_833f | 2
    default: random.next() & 0xffff_ffff & ~UInt64(CTRL.reset)
    }
  }

  @Test("whatever a driver writes, the device answers, and serves the next one", arguments: 1...4)
  func random(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let busy = ["TDT", "RDT", "TDH", "RDH", "TCTL", "RCTL", "TDLEN", "RDLEN", "TDBAL", "RDBAL"]
    for turn in 0..<6000 {
      if turn % 500 == 0 { fillMemory(&random) }
      if rig.backend.sent.count > 100 { rig.backend.sent = [] }
      if rig.backend.waiting.count > 10 { rig.backend.waiting = [] }
      switch random.next() % 16 {
      case 0:
        let size = [1, 2, 4, 8].randomElement(using: &random)!
        let access = Access(offset: Int(random.next() % E1000.windowSize), size: size)
        rig.nic.write(access, random.next() & access.ones)
        #expect(rig.nic.read(access) <= access.ones)
      case 1, 2: rig.backend.waiting.append(makeFrame(turn, count: Int(random.next() % 2000)))
      case 3: rig.backend.waiting.append(makeFrame(turn, count: Int(random.next() % 20_000)))
      case 4: rig.nic.poll()
      case 5:
        let place = Place.all.randomElement(using: &random)!
        _ = rig.read(place.offset)
        rig.write(place.offset, UInt32(value(for: place.definition.name, &random)))
      default:
        let name = busy.randomElement(using: &random)!
        rig[name] = UInt32(value(for: name, &random))
      }
      let isWanted = rig.nic.registers[Offset.icr] & rig.nic.registers[Offset.ims] != 0
      #expect(rig.line.isAsserted == isWanted || isWanted && rig.nic.schedule.throttled != nil)
    }
    let packets = rig.nic.counters.packets!
    #expect(packets.transmitted > 0 && packets.received > 0 && packets.dropped > 0, "it came that far")
    rig.expectUsable()
  }

  @Test(
    "through both windows, with offloads, timers and loopback, each write does bounded work, and the next driver is served",
    arguments: 5...10)
  func offloads(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let busy = [
      "TDT", "TDT", "RDT", "TDH", "RDH", "TCTL", "RCTL", "TDLEN", "RDLEN", "TDBAL", "RDBAL", "ITR", "RDTR",
      "RADV",
      "TIDV", "TADV", "RXCSUM", "CTRL", "MDIC", "IMS", "ICR", "VET", "EECD", "TXDCTL",
    ]
    var transmitted: UInt64 = 0
    for turn in 0..<3000 {
      if turn % 200 == 0 {
        fillMemory(&random)
        describeOffloads(&random)
      }
      rig.backend.isCounting = random.next() % 64 != 0
      if rig.backend.waiting.count > 10 { rig.backend.waiting = [] }
      let calls = rig.backend.calls
      let name = busy.randomElement(using: &random)!
      let value = UInt32(value(for: name, &random))
      switch random.next() % 8 {
      case 0:
        let packet = Packets.random(
          &random, payload: Int(random.next() % 1000), isIPv6: turn % 2 == 0, isTCP: turn % 3 == 0)
        rig.backend.waiting.append(packet.bytes)
        rig.nic.poll()
      case 1: rig.advance(random.next() % 1_000_000)
      case 2:
        let size = [1, 2, 4].randomElement(using: &random)!
        let access = Access(window: 1, offset: Int(random.next() % 80), size: size)
        rig.nic.write(access, random.next() & access.ones)
        #expect(rig.nic.read(access) <= access.ones)
      case 3:
        rig.nic.write(Access(window: 1, offset: 0, size: 4), UInt64(Rig.offset(name)))
        rig.nic.write(Access(window: 1, offset: 4, size: 4), UInt64(value))
      default: rig[name] = value
      }
      #expect(rig.backend.calls - calls < 70_000)
      let isWanted = rig.nic.registers[Offset.icr] & rig.nic.registers[Offset.ims] != 0
      #expect(rig.line.isAsserted == isWanted || isWanted && rig.nic.schedule.throttled != nil)
      if let next = rig.nic.schedule.next {
        #expect(rig.alarm.due.map { $0 <= next } == true, "nothing is forgotten")
      }
      transmitted = rig.nic.counters.packets!.transmitted
    }
    #expect(transmitted > 0, "it came that far")
    rig.backend.isCounting = false
    rig.expectUsable()
  }

  /// Contexts and data descriptors, half of them of one mind.
  private func describeOffloads(_ random: inout SplitMix64) {
    for ring in [0x1_0000, 0x2_0000] as [UInt64] {
      for index in 0..<64 {
        let at = ring + UInt64(index * 16)
        if index % 2 == 0 {
          rig.store(random.next() & 0x0000_2a22_003f_1e0e, at: at)
          let (payload, header) = (random.next() % 3000, 64 + random.next() % 64)
          rig.store(
            payload | (random.next() & 7 | 0x20) << 24 | header << 40 | (random.next() % 600) << 48,
            at: at + 8)
          rig.store(payload + header, at: at + 24)
        } else {
          let length = rig.load(UInt64.self, at: at + 8) & 0xfffff
          let command = random.next() & 0xff | 0x20
          rig.store(random.next() & 0x1f_ffff, at: at)
          rig.store(
            length | 1 << 20 | command << 24 | (random.next() & 3) << 40 | random.next() << 48, at: at + 8)
        }
      }
    }
  }
}
