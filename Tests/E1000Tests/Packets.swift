import TestSupport

/// IP packets and their checksums as the RFCs write them down, byte by byte: nothing of the device's.
enum Packets {
  /// The one's complement sum of 16-bit words in the order of the wire; an odd last byte is a word's first.
  static func sum(_ bytes: some Collection<UInt8>, from start: UInt32 = 0) -> UInt16 {
    var total = start
    for (index, byte) in bytes.enumerated() { total += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte) }
    while total > 0xffff { total = total & 0xffff + total >> 16 }
    return UInt16(total)
  }

  static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
  static func bytes(_ value: UInt32) -> [UInt8] { bytes(UInt16(value >> 16)) + bytes(UInt16(value & 0xffff)) }
  static func word(_ bytes: [UInt8], _ at: Int) -> UInt16 { UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1]) }

  /// A frame of TCP or UDP over IP, with random addresses, options and payload.
  struct Packet {
    var isIPv6 = false
    var isTCP = true
    var hasTag = false
    var network = 14
    var transport = 34
    var payload = 54
    var bytes: [UInt8] = []

    var type: UInt8 { isTCP ? 6 : 17 }
    /// Where the transport checksum lies.
    var field: Int { transport + (isTCP ? 16 : 6) }

    /// The sum of addresses, protocol and, if it is to be in it, length.
    func pseudoHeader(withLength: Bool = true) -> UInt16 {
      let addresses = isIPv6 ? bytes[network + 8..<network + 40] : bytes[network + 12..<network + 20]
      let length = withLength ? UInt32(bytes.count - transport) : 0
      return Packets.sum(addresses, from: UInt32(type) + length)
    }

    var isHeaderRight: Bool { isIPv6 || Packets.sum(bytes[network..<transport]) == 0xffff }
    var isTransportRight: Bool {
      Packets.sum(bytes[transport...], from: UInt32(pseudoHeader())) == 0xffff
    }

    /// Puts both checksums in.
    mutating func complete() {
      if !isIPv6 {
        bytes.replaceSubrange(network + 10..<network + 12, with: [0, 0])
        bytes.replaceSubrange(
          network + 10..<network + 12, with: Packets.bytes(~Packets.sum(bytes[network..<transport])))
      }
      bytes.replaceSubrange(field..<field + 2, with: [0, 0])
      let sum = ~Packets.sum(bytes[transport...], from: UInt32(pseudoHeader()))
      bytes.replaceSubrange(field..<field + 2, with: Packets.bytes(!isTCP && sum == 0 ? 0xffff : sum))
    }
  }

  static func random(
    _ random: inout SplitMix64, payload count: Int, isIPv6: Bool, isTCP: Bool, hasTag: Bool = false
  ) -> Packet {
    func some(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
    var packet = Packet(isIPv6: isIPv6, isTCP: isTCP, hasTag: hasTag)
    let options = isIPv6 ? 0 : Int(random.next() % 3) * 4
    let transportOptions = isTCP ? Int(random.next() % 4) * 4 : 0
    packet.network = hasTag ? 18 : 14
    packet.transport = packet.network + (isIPv6 ? 40 : 20 + options)
    packet.payload = packet.transport + (isTCP ? 20 + transportOptions : 8)
    let length = packet.payload - packet.transport + count
    var bytes = Rig.mac + [2, 0, 0, 0, 0, 1]
    if hasTag { bytes += [0x81, 0x00] + some(2) }
    bytes += isIPv6 ? [0x86, 0xdd] : [0x08, 0x00]
    if isIPv6 {
      bytes +=
        [0x60] + some(3) + Packets.bytes(UInt16(truncatingIfNeeded: length)) + [packet.type, 64] + some(32)
    } else {
      let total = UInt16(truncatingIfNeeded: 20 + options + length)
      bytes +=
        [UInt8(0x45 + options / 4), 0] + Packets.bytes(total) + some(2) + [0x40, 0, 64, packet.type, 0, 0]
      bytes += some(8) + some(options)
    }
    if isTCP {
      bytes += some(12) + [UInt8(5 + transportOptions / 4) << 4] + some(1) + some(2) + [0, 0] + some(2)
      bytes += some(transportOptions)
    } else {
      bytes += some(4) + Packets.bytes(UInt16(truncatingIfNeeded: length)) + [0, 0]
    }
    bytes += some(count)
    packet.bytes = bytes
    return packet
  }
}

extension Rig {
  enum Extended {
    static let dext: UInt8 = 0x20
    static let tse: UInt8 = 0x04
    static let vle: UInt8 = 0x40
    static let ide: UInt8 = 0x80
  }

  /// Writes a context descriptor for `packet`.
  func describeContext(
    _ index: Int, _ packet: Packets.Packet, segment: Int = 0, payload: Int = 0, command: UInt8 = 0
  ) {
    let at = Self.transmitRing + UInt64(index * 16)
    let network = UInt64(packet.network | (packet.network + 10) << 8 | (packet.transport - 1) << 16)
    let transport = UInt64(packet.transport | packet.field << 8)
    store(network | transport << 32, at: at)
    let kind = UInt8((packet.isTCP ? 1 : 0) | (packet.isIPv6 ? 0 : 2)) | Extended.dext | command
    let header = UInt64(packet.payload) << 40
    store(UInt64(payload) | UInt64(kind) << 24 | header | UInt64(segment) << 48, at: at + 8)
  }

  /// Writes a data descriptor.
  func describeData(
    _ index: Int, address: UInt64, length: Int, command: UInt8, options: UInt8, special: UInt16 = 0
  ) {
    let at = Self.transmitRing + UInt64(index * 16)
    store(address, at: at)
    store(
      UInt64(length) | 1 << 20 | UInt64(command | Extended.dext) << 24 | UInt64(options) << 40
        | UInt64(special) << 48, at: at + 8)
  }

  /// Lays `bytes` into memory in pieces cut at random, and describes them from `index` on. The number of
  /// descriptors.
  func scatter(
    _ bytes: [UInt8], from index: Int, command: UInt8, options: UInt8, special: UInt16 = 0, pieces: Int,
    _ random: inout SplitMix64
  ) -> Int {
    put(bytes, at: Self.transmitBuffers)
    var cuts = Set([0, bytes.count])
    while cuts.count < min(pieces, bytes.count) + 1 { cuts.insert(Int(random.next() % UInt64(bytes.count))) }
    let places = cuts.sorted()
    for (number, (start, end)) in zip(places, places.dropFirst()).enumerated() {
      describeData(
        index + number, address: Self.transmitBuffers + UInt64(start), length: end - start,
        command: command & ~1 | (end == bytes.count ? 1 : 0), options: number == 0 ? options : 0,
        special: special)
    }
    return places.count - 1
  }
}
