import TestSupport
import Testing

@testable import E1000

@Suite("Trouble in the middle of traffic")
struct TroubleTests {
  private static let count = 16

  /// A frame of a batch: its descriptors, and what comes of it; nil for one whose buffer is not in RAM.
  private struct Frame {
    let descriptors: Range<Int>
    let bytes: [UInt8]?
  }

  let rig = Rig()

  private var lineCount: UInt64 { UInt64(rig.faults.count) + rig.nic.faults.more }

  /// Fills the transmit ring, less the one descriptor that must stay free, with frames of one to three descriptors.
  private func fill(_ random: inout SplitMix64) -> [Frame] {
    var frames: [Frame] = []
    var next = 0
    while next < Self.count - 1 {
      let pieces = Int.random(in: 1...min(3, Self.count - 1 - next), using: &random)
      let isBad = Int.random(in: 0..<6, using: &random) == 0
      let bytes = makeFrame(Int(random.next() % 256), count: 60 * pieces)
      for piece in 0..<pieces {
        let command: UInt8 = piece == pieces - 1 ? Rig.whole : Rig.rs
        rig.queue(Array(bytes[60 * piece..<60 * piece + 60]), next + piece, command: command)
      }
      if isBad {
        rig.describe(next, address: 0x8000_0000, length: 60, command: pieces == 1 ? Rig.whole : Rig.rs)
      }
      frames.append(Frame(descriptors: next..<next + pieces, bytes: isBad ? nil : bytes))
      next += pieces
    }
    return frames
  }

  /// What stops the transmitter in the middle, and says so in as many `lines`; true if the rest of the ring goes out
  /// after it.
  private func stop(_ random: inout SplitMix64, _ lines: inout UInt64) -> Bool {
    let sent = rig.backend.sent.count
    let end = UInt32(Self.count - 1)
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      rig["CTRL"] = 1 << 26
      rig["TDT"] = end
      #expect(rig.backend.sent.count == sent)
      return false
    case 1:
      rig["TCTL"] = 0
      rig["TDT"] = end
      #expect(rig.backend.sent.count == sent)
      rig["TCTL"] = 2
    case 2:
      rig["TDLEN"] = 0
      if rig["TDH"] != end { lines += 1 }
      rig["TDT"] = end
      #expect(rig.backend.sent.count == sent)
      rig["TDLEN"] = UInt32(16 * Self.count)
      rig["TDT"] = end
    default:
      rig.backend.drops += 2
      rig.backend.onFault("the far end is down")
      lines += 1
      rig["TDT"] = end
    }
    return true
  }

  @Test(
    "resets, stopped rings and faults of the far end leave exact counts, and traffic resumes",
    arguments: 1...8)
  func transmission(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var expected: [[UInt8]] = []
    var (dropped, lines) = (0 as UInt64, 0 as UInt64)
    for _ in 0..<200 {
      rig.startTransmitter(count: Self.count)
      let frames = fill(&random)
      var tail = Int.random(in: 0..<Self.count, using: &random)
      rig["TDT"] = UInt32(tail)
      if stop(&random, &lines) { tail = Self.count - 1 }
      for frame in frames {
        if let bytes = frame.bytes {
          if frame.descriptors.upperBound <= tail { expected.append(bytes) }
        } else if frame.descriptors.lowerBound < tail {
          dropped += 1
        }
      }
      let packets = rig.nic.counters.packets!
      #expect(rig.backend.sent == expected)
      #expect(packets.transmitted == UInt64(expected.count))
      #expect(packets.dropped == dropped + rig.backend.drops)
      #expect(lineCount == dropped + lines, "each has its line")
    }
    #expect(dropped > 0 && rig.backend.drops > 0 && expected.count > 200)
    rig.expectUsable()
  }

  @Test("a reset or a stopped ring loses no frame for the guest: each comes once, in order", arguments: 1...8)
  func reception(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var (offered, received) = (0, 0)
    for _ in 0..<200 {
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        rig.backend.waiting.append(makeFrame(offered % 256))
        offered += 1
      }
      let given = Int.random(in: 0..<Self.count, using: &random)
      rig.startReceiver(count: Self.count, given: given)
      rig.nic.poll()
      let head = Int(rig["RDH"])
      for index in 0..<head { #expect(rig.received(index).bytes == makeFrame((received + index) % 256)) }
      received += head
      switch Int.random(in: 0..<3, using: &random) {
      case 0: rig["CTRL"] = 1 << 26
      case 1: rig["RCTL"] = 0
      default: rig["RDLEN"] = 0
      }
      rig["RDT"] = UInt32(Self.count - 1)
      rig.nic.poll()
      #expect(received + rig.waitingCount == offered)
      #expect(rig.nic.counters.packets?.received == UInt64(received))
    }
    #expect(received > 200 && rig.nic.counters.packets?.dropped == 0)
    rig.expectUsable()
  }
}
