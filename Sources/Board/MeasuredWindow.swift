import Synchronization
import VMM

/// The stretch of a run between the guest's two marks; docs/guest-abi.md, section The measured window.
public final class MeasuredWindow: Sendable {
  /// Everything that is counted, at one moment.
  struct Snapshot: Sendable {
    var time: ContinuousClock.Instant
    /// Exits of each line of the ledger, over all vCPUs.
    var exits: [UInt64]
    /// The same for writes that came through the coalesced ring.
    var coalesced: [UInt64]
    /// Of each device, in the order of the bus.
    var counters: [DeviceCounters]
  }

  private struct Marks {
    var begin: Snapshot?
    var end: Snapshot?
  }
  private let marks = Mutex(Marks())

  init() {}

  /// Takes a mark: the first beginning counts, and the last end.
  func mark(isBegin: Bool, _ snapshot: () -> Snapshot) {
    var taken = snapshot()
    marks.withLock { marks in
      if isBegin {
        if marks.begin == nil {
          // Taking the snapshot is no part of the window.
          taken.time = .now
          marks.begin = taken
        }
      } else {
        marks.end = taken
      }
    }
  }

  /// What was counted between the marks, nil where the guest set none.
  public var measurement: Measurement? {
    marks.withLock { marks in
      guard let begin = marks.begin, let end = marks.end, end.time >= begin.time else { return nil }
      return Measurement(
        duration: begin.time.duration(to: end.time),
        exits: zip(begin.exits, end.exits).map { $1 &- $0 },
        coalesced: zip(begin.coalesced, end.coalesced).reduce(0) { $0 &+ ($1.1 &- $1.0) },
        kicks: Self.sum(begin, end, \.kicks), interrupts: Self.sum(begin, end, \.interrupts),
        packets: zip(begin.counters, end.counters).map { before, after in
          guard let before = before.packets, let after = after.packets else { return nil }
          return max(after.transmitted &- before.transmitted, after.received &- before.received)
        })
    }
  }

  /// By how much a counter grew, over all devices that have it.
  private static func sum(
    _ begin: Snapshot, _ end: Snapshot, _ counter: KeyPath<DeviceCounters, UInt64?>
  ) -> UInt64 {
    zip(begin.counters, end.counters).reduce(0) { sum, pair in
      guard let before = pair.0[keyPath: counter], let after = pair.1[keyPath: counter] else { return sum }
      return sum &+ (after &- before)
    }
  }

  /// The difference of the two marks.
  public struct Measurement: Sendable {
    public let duration: Duration
    /// Exits of each line of the ledger, over all vCPUs.
    public let exits: [UInt64]
    /// Writes that came through the coalesced ring.
    public let coalesced: UInt64
    /// Notifications by drivers, those that KVM answered among them.
    public let kicks: UInt64
    /// Interrupts that devices raised.
    public let interrupts: UInt64
    /// Packets of each device, the larger of sent and received; nil for devices that have none.
    public let packets: [UInt64?]
  }
}
