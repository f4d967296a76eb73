import TestSupport
import Testing
import VMM

@testable import E1000

@Suite("Transmit offloads")
struct TransmitOffloadTests {
  private typealias Extended = Rig.Extended

  /// The kinds of packet: over IPv6, of TCP.
  static let kinds = [(false, true), (false, false), (true, true), (true, false)]

  @Test("checksums inserted for random packets in random pieces are those of the RFCs", arguments: 1...4)
  func checksums(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for round in 0..<150 {
      let rig = Rig()
      let (isIPv6, isTCP) = Self.kinds[round % 4]
      var packet = Packets.random(
        &random, payload: Int(random.next() % 1400), isIPv6: isIPv6, isTCP: isTCP,
        hasTag: random.next() % 4 == 0)
      packet.bytes.replaceSubrange(
        packet.field..<packet.field + 2, with: Packets.bytes(packet.pseudoHeader()))
      var expected = packet
      expected.bytes.replaceSubrange(packet.field..<packet.field + 2, with: [0, 0])
      expected.complete()
      rig.startTransmitter(count: 128)
      rig.describeContext(0, packet)
      let used = rig.scatter(
        packet.bytes, from: 1, command: Rig.whole, options: isIPv6 ? 2 : 3,
        pieces: 1 + Int(random.next() % 90),
        &random)
      rig["TDT"] = UInt32(1 + used)
      // Zero and all ones are the same number; which one is stored is tested by the sums.
      let sent = rig.backend.sent.first ?? []
      var result = packet
      result.bytes = sent
      #expect(sent.count == packet.bytes.count)
      #expect(result.isHeaderRight && result.isTransportRight)
      let changed = zip(sent, packet.bytes).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
      let fields = Set([packet.field, packet.field + 1, packet.network + 10, packet.network + 11])
      #expect(fields.isSuperset(of: changed), "nothing else changes")
      #expect(
        rig.bytes(at: Rig.transmitBuffers, packet.bytes.count) == packet.bytes, "nor does the driver's memory"
      )
      #expect(rig.faults.isEmpty)
    }
  }

  @Test("a legacy descriptor's checksum runs from CSS to the end and lands at CSO")
  func legacy() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<100 {
      let rig = Rig()
      let frame = makeFrame(Int(random.next() % 1000), count: 60 + Int(random.next() % 1400))
      let (start, field) = (Int(random.next() % 60), 14 + Int(random.next() % 44))
      rig.startTransmitter()
      rig.queue(frame, 0, command: Rig.whole | 0x04)
      rig.store(UInt8(field), at: Rig.transmitRing + 10)
      rig.store(UInt8(start), at: Rig.transmitRing + 13)
      rig["TDT"] = 1
      var expected = frame
      let sum = Packets.sum(frame[start...])
      expected.replaceSubrange(field..<field + 2, with: Packets.bytes(sum == 0xffff ? 0xffff : ~sum))
      #expect(rig.backend.sent == [expected])
    }
  }

  @Test("over two legacy descriptors the first says where the sum begins, the last where it goes")
  func legacyInPieces() {
    let rig = Rig()
    let frame = makeFrame(5, count: 100)
    rig.startTransmitter()
    rig.queue(Array(frame[..<40]), 0, command: Rig.rs)
    rig.queue(Array(frame[40...]), 1, command: Rig.whole | 0x04)
    rig.store(UInt8(34), at: Rig.transmitRing + 13)
    rig.store(UInt8(50), at: Rig.transmitRing + 16 + 10)
    rig["TDT"] = 2
    var expected = frame
    expected.replaceSubrange(50..<52, with: Packets.bytes(~Packets.sum(frame[34...])))
    #expect(rig.backend.sent == [expected])
  }

  @Test("a frame that is cut has the tag of its first data descriptor", arguments: [true, false])
  func tagOfSegments(isInFirst: Bool) {
    var random = SplitMix64(seed: 5)
    let rig = Rig()
    let packet = Packets.random(&random, payload: 200, isIPv6: false, isTCP: true)
    rig["CTRL"] = 1 << 30 | 0x241
    rig.startTransmitter()
    rig.put(packet.bytes, at: Rig.transmitBuffers)
    rig.describeContext(0, packet, segment: 100, payload: 200, command: Extended.tse)
    let half = packet.bytes.count / 2
    for (index, isTagged) in [(1, isInFirst), (2, !isInFirst)] {
      rig.describeData(
        index, address: Rig.transmitBuffers + UInt64(index == 1 ? 0 : half),
        length: index == 1 ? half : packet.bytes.count - half,
        command: (index == 2 ? Rig.eop : 0) | Extended.tse | (isTagged ? Extended.vle : 0),
        options: index == 1 ? 3 : 0, special: isTagged ? 0x1234 : 0)
    }
    rig["TDT"] = 3
    #expect(rig.backend.sent.count == 2)
    for segment in rig.backend.sent {
      #expect((Array(segment[12..<16]) == [0x81, 0x00, 0x12, 0x34]) == isInFirst)
    }
  }

  /// What the manual and the RFCs say a cut frame becomes, written for whole arrays.
  private func model(
    _ packet: Packets.Packet, size: Int, tag: UInt16? = nil
  ) -> [[UInt8]] {
    let payload = Array(packet.bytes[packet.payload...])
    return stride(from: 0, to: payload.count, by: size).enumerated().map { number, start in
      let part = payload[start..<min(start + size, payload.count)]
      var segment = packet
      segment.bytes = Array(packet.bytes[..<packet.payload] + part)
      func put(_ bytes: [UInt8], _ at: Int) {
        segment.bytes.replaceSubrange(at..<at + bytes.count, with: bytes)
      }
      let length = segment.bytes.count
      if packet.isIPv6 {
        put(Packets.bytes(UInt16(length - packet.transport)), packet.network + 4)
      } else {
        put(Packets.bytes(UInt16(length - packet.network)), packet.network + 2)
        put(
          Packets.bytes(Packets.word(packet.bytes, packet.network + 4) &+ UInt16(number)), packet.network + 4)
      }
      if packet.isTCP {
        let sequence =
          UInt32(Packets.word(packet.bytes, packet.transport + 4)) << 16
          | UInt32(Packets.word(packet.bytes, packet.transport + 6))
        put(Packets.bytes(sequence &+ UInt32(start)), packet.transport + 4)
        if start + size < payload.count { segment.bytes[packet.transport + 13] &= ~0x09 }
      } else {
        put(Packets.bytes(UInt16(length - packet.transport)), packet.transport + 4)
      }
      segment.complete()
      guard let tag else { return segment.bytes }
      return Array(segment.bytes[..<12] + [0x81, 0x00] + Packets.bytes(tag) + segment.bytes[12...])
    }
  }

  /// All ones and zero are one number in a checksum.
  private func normalised(_ segment: [UInt8], _ packet: Packets.Packet, _ shift: Int) -> [UInt8] {
    var segment = segment
    for field in [packet.field, packet.isIPv6 ? packet.field : packet.network + 10] {
      let at = field + shift
      if at + 1 < segment.count, segment[at] == 0, segment[at + 1] == 0 {
        segment.replaceSubrange(at..<at + 2, with: [0xff, 0xff])
      }
    }
    return segment
  }

  @Test("frames cut into segments are those of an independent model", arguments: 1...6)
  func segments(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for round in 0..<24 {
      let rig = Rig()
      let (isIPv6, isTCP) = Self.kinds[round % 4]
      let count = 1 + Int(random.next() % (round % 3 == 0 ? 65_000 : 6000))
      let size = max(count / 300 + 1, 1 + Int(random.next() % 3000))
      var packet = Packets.random(&random, payload: count, isIPv6: isIPv6, isTCP: isTCP)
      packet.bytes.replaceSubrange(
        packet.field..<packet.field + 2, with: Packets.bytes(packet.pseudoHeader(withLength: false)))
      let tag: UInt16? = random.next() % 3 == 0 ? UInt16(truncatingIfNeeded: random.next()) : nil
      rig["CTRL"] = 1 << 30 | 0x241
      rig.startTransmitter(count: 128)
      rig.describeContext(0, packet, segment: size, payload: count, command: Extended.tse)
      let command = Rig.whole | Extended.tse | (tag == nil ? 0 : Extended.vle)
      let used = rig.scatter(
        packet.bytes, from: 1, command: command, options: isIPv6 ? 2 : 3, special: tag ?? 0,
        pieces: 1 + Int(random.next() % 100), &random)
      // Also in two doorbells, between which the driver uses what is done again.
      if round % 2 == 0 && used > 1 {
        rig["TDT"] = 2
        let first = Int(rig.load(UInt64.self, at: Rig.transmitRing + 24) & 0xfffff)
        rig.put([UInt8](repeating: 0xee, count: first), at: Rig.transmitBuffers)
      }
      rig["TDT"] = UInt32(1 + used)
      let expected = model(packet, size: size, tag: tag).map { normalised($0, packet, tag == nil ? 0 : 4) }
      let sent = rig.backend.sent.map { normalised($0, packet, tag == nil ? 0 : 4) }
      #expect(sent == expected)
      #expect(rig["TSCTC"] == 1 && rig["TSCTFC"] == 0 && rig["TPT"] == UInt32(expected.count))
      #expect(rig.faults.isEmpty && rig["TDH"] == rig["TDT"] && rig.backend.flushes > 0)
    }
  }

  @Test(
    "a context that makes no sense loses its frame, is said, and costs the far end nothing",
    arguments: [
      (0, 1000, 54, "MSS 0"), (1, 1000, 54, nil), (1, 5000, 54, "more than 4096"), (100, 0, 54, "PAYLEN"),
      (100, 999, 54, "PAYLEN"), (100, 1001, 54, "PAYLEN"), (20_000, 50_000, 54, "more than 16288"),
      (100, 1000, 30, "PAYLEN"), (100, 1030, 24, "HDRLEN 24"), (100, 1000, 0, "PAYLEN"),
      (100, 1054, 0, "HDRLEN 0"),
    ] as [(Int, Int, Int, String?)])
  func hostileContexts(size: Int, payload: Int, header: Int, problem: String?) {
    var random = SplitMix64(seed: 3)
    let rig = Rig()
    var packet = Packets.random(&random, payload: max(payload, 1000), isIPv6: false, isTCP: true)
    (packet.transport, packet.payload) = (34, header)
    let bytes = [UInt8](packet.bytes.prefix(payload == 5000 || payload == 50_000 ? payload + 54 : 1054))
    rig.startTransmitter(count: 128)
    rig.describeContext(0, packet, segment: size, payload: payload, command: Extended.tse)
    let used = rig.scatter(bytes, from: 1, command: Rig.whole | Extended.tse, options: 3, pieces: 3, &random)
    rig["TDT"] = UInt32(1 + used)
    if let problem {
      #expect(rig.backend.calls == 0 && rig.nic.counters.packets?.dropped == 1 && rig["TSCTFC"] == 1)
      #expect(rig.faults.count == 1 && rig.faults[0].contains(problem), "\(rig.faults)")
    } else {
      #expect(rig.backend.sent.count == payload && rig.faults.isEmpty)
    }
    #expect(rig["TDH"] == rig["TDT"])
    rig.expectUsable()
  }

  @Test("a ring full of the largest frames is sent in bounded steps, the rest when the alarm rings")
  func boundedDoorbell() {
    var random = SplitMix64(seed: 4)
    let rig = Rig()
    let packet = Packets.random(&random, payload: 1, isIPv6: true, isTCP: false)
    rig.put(packet.bytes, at: Rig.transmitBuffers)
    let (payload, size) = (0xf_ffff, 16_000)
    rig.startTransmitter(count: 256)
    rig.describeContext(0, packet, segment: size, payload: payload, command: Extended.tse)
    for index in 1..<200 {
      rig.describeData(
        index, address: Rig.transmitBuffers, length: payload, command: Rig.eop | Extended.tse, options: 0)
    }
    // HDRLEN and PAYLEN together are more than one descriptor's length.
    let length = UInt64(payload - packet.payload)
    rig.store(
      length | UInt64(0x26) << 24 | UInt64(packet.payload) << 40 | UInt64(size) << 48,
      at: Rig.transmitRing + 8)
    rig.backend.isCounting = true
    rig["TDT"] = 200
    let segments = (Int(length) + size - 1) / size
    let first = rig.backend.calls
    #expect(first > 0 && first % segments == 0 && first <= 65 * segments)
    #expect(rig["TDH"] == UInt32(first / segments + 1) && rig["ICR"] & Cause.txqe == 0)
    rig.advance(10_000)
    #expect(rig.backend.calls > first && rig.backend.calls < 3 * first)
    rig["TCTL"] = 0
    let stopped = rig.backend.calls
    rig.advance(1_000_000)
    #expect(rig.backend.calls == stopped, "TCTL.EN off stops it")
    rig["TCTL"] = 2
    rig.advance(1_000_000)
    #expect(rig.backend.calls == 199 * segments && rig["TDH"] == 200 && rig["ICR"] & Cause.txqe != 0)
    #expect(rig.faults.isEmpty)
  }
}

@Suite("VLAN tags")
struct VLANTests {
  let rig = Rig()

  @Test("VLE inserts VET and the special field behind the addresses, while CTRL.VME is on")
  func insertion() {
    for (isOn, vet) in [(true, 0x8100), (false, 0x8100), (true, 0x88a8)] as [(Bool, UInt32)] {
      for (count, pieces) in [(60, 1), (1514, 1), (700, 5), (14, 2), (300, 80)] {
        var random = SplitMix64(seed: 5)
        let rig = Rig()
        rig["VET"] = vet
        rig["CTRL"] = isOn ? 0x4000_0241 : 0x241
        rig.startTransmitter(count: 128)
        let frame = makeFrame(count, count: count)
        let used = rig.scatter(
          frame, from: 0, command: Rig.whole | 0x40, options: 0, special: 0xb123, pieces: pieces, &random)
        rig["TDT"] = UInt32(used)
        let tag: [UInt8] = [UInt8(vet >> 8), UInt8(vet & 0xff), 0xb1, 0x23]
        #expect(rig.backend.sent == [isOn ? frame[..<12] + tag + frame[12...] : frame])
      }
    }
  }

  @Test("a tagged frame is padded to 60 bytes with its tag", arguments: [20, 55, 56, 57, 60])
  func padding(count: Int) {
    rig["CTRL"] = 0x4000_0241
    rig.startTransmitter(control: 0xa)
    rig.queue(makeFrame(1, count: count), 0, command: Rig.whole | 0x40)
    rig.store(7 as UInt16, at: Rig.transmitRing + 14)
    rig["TDT"] = 1
    let frame = makeFrame(1, count: count)
    let tagged = frame[..<12] + [0x81, 0, 0, 7] + frame[12...]
    #expect(rig.backend.sent == [tagged + [UInt8](repeating: 0, count: max(0, 60 - tagged.count))])
  }

  @Test("CTRL.VME strips the tag of what is received and reports it")
  func stripping() {
    for (isOn, strips) in [(true, true), (true, false), (false, true)] {
      let rig = Rig()
      rig["CTRL"] = isOn ? 0x4000_0241 : 0x241
      // 256 bytes a buffer.
      rig.startReceiver(
        control: (strips ? Rig.plainReception : Rig.plainReception & ~(1 << 26)) | 3 << 16, size: 256)
      var frame = makeFrame(1, count: 600)
      frame.replaceSubrange(12..<16, with: [0x81, 0x00, 0xb1, 0x23])
      rig.backend.waiting = [frame, makeFrame(2)]
      rig.nic.poll()
      let parts = (0..<3).map { rig.received($0) }
      let stored = parts.flatMap(\.bytes)
      let expected = isOn ? Array(frame[..<12] + frame[16...]) : frame
      #expect(Array(stored.prefix(expected.count)) == expected)
      #expect(stored.count == expected.count + (strips ? 0 : 4))
      #expect(parts[2].status == (isOn ? 0x0f : 0x07))
      #expect(rig.load(UInt16.self, at: Rig.receiveRing + 32 + 14) == (isOn ? 0xb123 : 0))
      #expect(rig.received(3).status == 0x07, "no tag, no VP")
    }
  }
}

@Suite("Receive checksums")
struct ReceiveChecksumTests {
  @Test("RXCSUM's findings on random packets, right and wrong, are the model's", arguments: 1...4)
  func findings(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for round in 0..<200 {
      let rig = Rig()
      let (isIPv6, isTCP) = TransmitOffloadTests.kinds[round % 4]
      var packet = Packets.random(
        &random, payload: Int(random.next() % 1300), isIPv6: isIPv6, isTCP: isTCP,
        hasTag: random.next() % 4 == 0)
      packet.complete()
      // Padding of short frames does not count.
      if random.next() % 2 == 0 {
        let at = packet.network + 8 + Int(random.next() % UInt64(packet.bytes.count - packet.network - 8))
        if ![packet.network + 9, packet.transport + 12, packet.field, packet.field + 1].contains(at) {
          packet.bytes[at] ^= 1 << UInt8(random.next() % 8)
        }
      }
      // Bits IPOFL, TUOFL, IPV6OFL.
      let control = UInt32(random.next() % 8)
      let start = Int(random.next() % 100)
      rig["RXCSUM"] = control << 8 | UInt32(start)
      rig.startReceiver()
      rig.backend.waiting = [packet.bytes]
      rig.nic.poll()
      let received = rig.received(0)
      var status = Rig.doneAndEnd & ~4
      var errors: UInt8 = 0
      if control & 1 != 0 && !isIPv6 {
        status |= 0x40
        if !packet.isHeaderRight { errors |= 0x40 }
      }
      if control & 2 != 0 && (!isIPv6 || control & 4 != 0) {
        status |= 0x20
        if !packet.isTransportRight { errors |= 0x20 }
      }
      if status & 0x60 == 0 { status |= 0x04 }
      #expect(received.status == status && received.errors == errors)
      let stored = received.bytes
      let sum = start < stored.count ? Packets.sum(stored[start...]) : 0
      #expect(rig.load(UInt16.self, at: Rig.receiveRing + 10) == sum)
    }
  }

  @Test("fragments, UDP without a checksum, broken lengths and other protocols are left alone")
  func leftAlone() {
    var random = SplitMix64(seed: 8)
    let udp = { Packets.random(&random, payload: 100, isIPv6: false, isTCP: false) }
    var fragment = udp()
    fragment.bytes[fragment.network + 6] = 0x20
    fragment.complete()
    var unchecked = udp()
    unchecked.complete()
    unchecked.bytes.replaceSubrange(unchecked.field..<unchecked.field + 2, with: [0, 0])
    var long = udp()
    long.bytes[long.network + 2] = 0x7f
    var version = udp()
    version.bytes[version.network] = 0x25
    var tiny = udp()
    tiny.bytes[tiny.network] = 0x41
    for (packet, status) in [
      (fragment.bytes, 0x43), (unchecked.bytes, 0x43), (long.bytes, 0x07), (version.bytes, 0x07),
      (tiny.bytes, 0x07), (makeFrame(1), 0x07), (Array(udp().bytes.prefix(30)), 0x07),
    ] as [([UInt8], UInt8)] {
      let rig = Rig()
      rig["RXCSUM"] = 0x700
      rig.startReceiver()
      rig.backend.waiting = [packet]
      rig.nic.poll()
      #expect(rig.received(0).status == status && rig.received(0).errors == 0)
    }
  }
}
