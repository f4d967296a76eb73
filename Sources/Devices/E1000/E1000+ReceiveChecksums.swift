import NetBackends
import VMM

/// Checksums of received frames, as far as RXCSUM asks for them (sections 3.2.9 and 13.4.47).
extension E1000 {
  /// Reports on `stored`, what the guest gets, of which `length` bytes are not the check sequence.
  func checkSums(_ stored: MemoryView, _ length: Int, _ report: inout ReceiveReport) {
    let control = registers[Offset.rxcsum]
    report.checksum = packetChecksum(stored, from: Int(control & RXCSUM.start))
    if control & (RXCSUM.ip | RXCSUM.transport) != 0, let packet = ReceivedPacket(stored.slice(0, length)!) {
      if control & RXCSUM.ip != 0 { packet.checkHeader(&report) }
      // The manual leaves a frame alone whose protocol is not enabled as well.
      if control & RXCSUM.transport != 0, !packet.isIPv6 || control & RXCSUM.ipv6 != 0 {
        packet.checkPayload(&report)
      }
    }
    let checked = ReceiveDescriptor.Status.networkChecked | ReceiveDescriptor.Status.transportChecked
    if report.status & checked == 0 { report.status |= ReceiveDescriptor.Status.ignoreChecksum }
  }

  /// PCSS: the sum of all that is stored from there on, in the order of the wire.
  private func packetChecksum(_ stored: MemoryView, from start: Int) -> UInt16 {
    guard start < stored.count else { return 0 }
    var checksum = InternetChecksum()
    checksum.add(stored.slice(start, stored.count - start)!)
    return checksum.folded.byteSwapped
  }
}

/// An IP packet within a frame, as far as the device understands it: behind Ethernet II, with at most one VLAN tag;
/// IPv6 without extension headers.
struct ReceivedPacket {
  let isIPv6: Bool
  /// The IP header, and what follows it as far as the header's length says.
  private let header: MemoryView
  private let payload: MemoryView
  private let payloadProtocol: UInt8

  private static let tcp: UInt8 = 6
  private static let udp: UInt8 = 17

  init?(_ frame: MemoryView) {
    var start = FrameSize.header
    var type: UInt16 = frame.loadBigEndian(at: start - 2)
    if type == 0x8100 {
      start += VLAN.tagCount
      type = frame.loadBigEndian(at: start - 2)
    }
    let packet = frame.slice(start, frame.count - start)!
    let (headerCount, count): (Int, Int)
    switch type {
    case 0x0800:
      guard packet.count >= 20, packet.load(UInt8.self, at: 0) &>> 4 == 4 else { return nil }
      headerCount = Int(packet.load(UInt8.self, at: 0) & 0xf) * 4
      count = Int(packet.loadBigEndian(UInt16.self, at: 2))
      payloadProtocol = packet.load(at: 9)
      guard headerCount >= 20 else { return nil }
    case 0x86dd:
      guard packet.count >= 40, packet.load(UInt8.self, at: 0) &>> 4 == 6 else { return nil }
      headerCount = 40
      count = headerCount + Int(packet.loadBigEndian(UInt16.self, at: 4))
      payloadProtocol = packet.load(at: 6)
    default: return nil
    }
    guard count >= headerCount, let header = packet.slice(0, headerCount),
      let payload = packet.slice(headerCount, count - headerCount)
    else { return nil }
    isIPv6 = type == 0x86dd
    (self.header, self.payload) = (header, payload)
  }

  /// IPv4's own checksum; IPv6 has none.
  func checkHeader(_ report: inout ReceiveReport) {
    guard !isIPv6 else { return }
    var checksum = InternetChecksum()
    checksum.add(header)
    report.status |= ReceiveDescriptor.Status.networkChecked
    if checksum.folded != 0xffff { report.errors |= ReceiveDescriptor.Error.network }
  }

  /// TCP's or UDP's, of a packet that is no fragment.
  func checkPayload(_ report: inout ReceiveReport) {
    guard isIPv6 || header.loadBigEndian(UInt16.self, at: 6) & 0x3fff == 0 else { return }
    switch payloadProtocol {
    case Self.tcp where payload.count >= 20: break
    // A UDP checksum of zero says that there is none.
    case Self.udp where payload.count >= 8 && payload.load(UInt16.self, at: 6) != 0: break
    default: return
    }
    var checksum = InternetChecksum()
    checksum.add(isIPv6 ? header.slice(8, 32)! : header.slice(12, 8)!)
    checksum.add(UInt16(payloadProtocol))
    checksum.add(UInt16(truncatingIfNeeded: payload.count))
    checksum.add(payload)
    report.status |= ReceiveDescriptor.Status.transportChecked
    if checksum.folded != 0xffff { report.errors |= ReceiveDescriptor.Error.transport }
  }
}
