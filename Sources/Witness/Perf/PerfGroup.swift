import CLinux
import KVM

/// Tracepoints on one thread, all counting in the same spans of time, with one ring for the records of those that leave
/// any. Counts are exact whatever becomes of the records.
public final class PerfGroup {
  /// What a group is to look at.
  public struct Member: Sendable {
    public let tracepoint: Tracepoint
    /// Each occurrence leaves a record.
    public let isRecorded: Bool

    public init(_ tracepoint: Tracepoint, isRecorded: Bool) {
      self.tracepoint = tracepoint
      self.isRecorded = isRecorded
    }
  }

  private let leader: PerfEvent
  private let events: [PerfEvent]
  /// The numbers in records, in the order of `events`; nil for those that leave none.
  private let identifiers: [UInt64?]
  private var ring: PerfRing

  /// Opens all of it, not counting yet.
  ///
  /// - Parameters:
  ///   - thread: of any process that the caller may look into; perf_event_open(2) says which.
  ///   - ringPages: room for records, in pages of 4 KiB, a power of two.
  /// - Throws: ``KVMError``: ESRCH where the thread is gone.
  public init(_ members: [Member], on thread: pid_t, ringPages: Int) throws(KVMError) {
    let leader = try PerfEvent(leadingOn: thread)
    ring = try PerfRing(of: leader, pages: ringPages)
    var events: [PerfEvent] = []
    var identifiers: [UInt64?] = []
    for member in members {
      let event = try PerfEvent(
        member.tracepoint, on: thread, ledBy: leader, isRecorded: member.isRecorded)
      if member.isRecorded { try event.redirect(to: leader) }
      identifiers.append(member.isRecorded ? try event.identifier() : nil)
      events.append(event)
    }
    self.leader = leader
    self.events = events
    self.identifiers = identifiers
  }

  /// Begins to count, or goes on.
  public func start() throws(KVMError) {
    try leader.enableGroup(true)
  }

  /// Counts no more. Afterwards counts and records do not change.
  public func stop() throws(KVMError) {
    try leader.enableGroup(false)
  }

  /// For poll(2): readable when the ring is half full, hung up when the thread has ended.
  public var pollDescriptor: Int32 { leader.number }

  /// How often each member happened, in their order.
  public func counts() throws(KVMError) -> [UInt64] {
    var counts: [UInt64] = []
    for event in events { counts.append(try event.count()) }
    return counts
  }

  /// Hands over each record that is there, oldest first: which member it is of, nil where it is no sample of one, the
  /// record, and its bytes.
  public func drain(_ body: (_ member: Int?, PerfRecord, RawSpan) -> Void) {
    ring.drain { bytes in
      let record = PerfRecord(bytes)
      guard case .sample(let event, _) = record else { return body(nil, record, bytes) }
      body(identifiers.firstIndex(of: event), record, bytes)
    }
  }
}
