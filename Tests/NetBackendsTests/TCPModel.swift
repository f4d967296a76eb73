import NetBackends
import TestSupport
import VMM

/// A TCP frame built byte by byte from its fields, knowing nothing of the code under test.
struct TCPModel {
  var isIPv6: Bool
  var payload: [UInt8]
  /// VLAN tags.
  var tags = 0
  var ipOptions = 0
  var tcpOptions = 0
  /// IPv6 extension headers of 8 bytes each, by their numbers.
  var extensions: [UInt8] = []
  var sequence: UInt32 = 0xffff_f000
  var identification: UInt16 = 0xfffe
  var flags: UInt8 = 0xd9
  /// Checksums and lengths as they go over a wire.
  var isComplete = false

  init(isIPv6: Bool, payload: [UInt8]) {
    self.isIPv6 = isIPv6
    self.payload = payload
  }

  static func random(_ random: inout SplitMix64) -> TCPModel {
    let most = [0, 1, 500, 500, 6000, 6000, 64_000].randomElement(using: &random)!
    let salt = Int.random(in: 1...250, using: &random)
    let payload = (0..<Int.random(in: 0...most, using: &random)).map {
      UInt8(truncatingIfNeeded: $0 &* salt &+ $0 &>> 7)
    }
    var model = TCPModel(isIPv6: Bool.random(using: &random), payload: payload)
    model.tags = Int.random(in: 0...2, using: &random)
    model.ipOptions = Int.random(in: 0...10, using: &random) * 4
    model.tcpOptions = Int.random(in: 0...10, using: &random) * 4
    model.extensions = [[], [0], [60], [0, 60]].randomElement(using: &random)!
    model.sequence = UInt32.random(in: 0...UInt32.max, using: &random)
    model.flags = UInt8.random(in: 0...255, using: &random)
    return model
  }

  private var ethernet: [UInt8] {
    [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
      + (0..<tags).flatMap { $0 == 0 ? [0x88, 0xa8, 0, 5] : [0x81, 0, 0, 9] }
      + (isIPv6 ? [0x86, 0xdd] : [0x08, 0])
  }

  private var addresses: [UInt8] {
    isIPv6 ? (0..<32).map { $0 * 7 } : [10, 0, 0, 2, 192, 168, 255, 1]
  }

  private var ip: [UInt8] {
    let count = 20 + tcpOptions + payload.count
    if isIPv6 {
      let chain = extensions + [6]
      return [0x60, 1, 2, 3] + bytes(extensions.count * 8 + count) + [chain[0], 64] + addresses
        + zip(extensions, chain.dropFirst()).flatMap { [$1, 0, 1, 4, 0, 0, 0, 0] }
    }
    var header: [UInt8] = [UInt8(0x45 + ipOptions / 4), 0x02] + bytes(20 + ipOptions + count)
    header += bytes(Int(identification)) + [0x40, 0, 64, 6, 0, 0] + addresses
    header += Array(repeating: 1, count: ipOptions)
    if isComplete { (header[10], header[11]) = field(header) }
    return header
  }

  private var tcp: [UInt8] {
    var segment: [UInt8] = [0, 1, 0, 2] + bytes(Int(sequence >> 16)) + bytes(Int(sequence & 0xffff))
    segment += [9, 8, 7, 6, UInt8(0x50 + tcpOptions / 4 * 16), flags, 0xff, 0xff, 0, 0, 0, 0]
    segment += Array(repeating: 1, count: tcpOptions) + payload
    let pseudo = addresses + [0, 6] + bytes(segment.count)
    if isComplete {
      (segment[16], segment[17]) = field(pseudo + segment)
    } else {
      let sum = modelSum(pseudo[...])
      (segment[16], segment[17]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
    }
    return segment
  }

  var frame: [UInt8] { ethernet + ip + tcp }

  func offload(_ segmentSize: Int) -> Offload {
    var offload = Offload()
    offload.needsChecksum = true
    offload.segmentation = isIPv6 ? .tcp6 : .tcp4
    offload.segmentSize = UInt16(segmentSize)
    offload.checksumStart = UInt16(ethernet.count + ip.count)
    offload.checksumOffset = 16
    return offload
  }

  private func bytes(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 0xff), UInt8(number & 0xff)] }

  /// The complement of a sum; 0 is written as its other form.
  private func field(_ data: [UInt8]) -> (UInt8, UInt8) {
    let sum = modelSum(data[...])
    let value = sum == 0xffff ? 0xffff : ~sum
    return (UInt8(value >> 8), UInt8(value & 0xff))
  }
}

/// RFC 1071 as one would on paper: big-endian words, the carry added at once.
func modelSum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
  var sum = 0
  for (index, byte) in bytes.enumerated() {
    sum += index % 2 == 0 ? Int(byte) << 8 : Int(byte)
    if sum > 0xffff { sum -= 0xffff }
  }
  return UInt16(sum)
}

/// A frame in pieces, which keep their memory.
final class Pieces {
  let views: [MemoryView]
  private let space: HostBuffer

  /// - Parameter cut: lengths of the first pieces; the last takes the rest.
  init(_ frame: [UInt8], cut: [Int]) {
    space = HostBuffer(count: frame.count + 1)
    space.view.copy(from: frame)
    var rest = space.view.slice(0, frame.count)!
    var views: [MemoryView] = []
    for count in cut where count <= rest.count {
      views.append(rest.slice(0, count)!)
      rest = rest.slice(count, rest.count - count)!
    }
    self.views = views + [rest]
  }
}
