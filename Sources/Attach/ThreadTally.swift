import Witness

/// What one thread did.
struct ThreadTally: Sendable {
  /// Of each tracepoint of the plan, in its order: how often it fired, and how many records of it were read.
  private(set) var counts: [UInt64]
  private(set) var records: [UInt64]
  /// Of kvm_exit's records, and of kvm_userspace_exit's.
  private(set) var hardware: [HardwareReason: UInt64] = [:]
  private(set) var userSpace: [UserSpaceReason: UInt64] = [:]
  /// KVM's number of the vCPU, where kvm_exit told it.
  private(set) var vcpu: UInt32?
  private var trail = AccessTrail()
  private let decoders: [EventDecoder?]

  init(_ plan: TracepointPlan) {
    decoders = plan.entries.map(\.decoder)
    counts = Array(repeating: 0, count: decoders.count)
    records = counts
  }

  /// Counts a record.
  ///
  /// - Parameter member: which tracepoint of the plan it is of; nil where it is of none.
  mutating func take(_ member: Int?, _ record: PerfRecord, _ bytes: RawSpan, _ book: inout AddressBook) {
    switch record {
    case .sample(_, let data):
      guard let member, let event = decoders[member]?.event(bytes.extracting(data)) else {
        return trail.interrupt(in: &book)
      }
      records[member] += 1
      count(event)
      trail.take(event, in: &book)
    // How many are lost the kernel's counts say better: this record comes only once there is room again.
    case .lost, .malformed: trail.interrupt(in: &book)
    case .other: break
    }
  }

  private mutating func count(_ event: KVMEvent) {
    switch event {
    case .exit(let reason, let vcpu):
      hardware[reason, default: 0] += 1
      if let vcpu { self.vcpu = vcpu }
    case .userSpaceExit(let reason): userSpace[reason, default: 0] += 1
    default: break
    }
  }

  /// Takes the exact counts, which the kernel keeps beside the records.
  mutating func set(_ counts: [UInt64]) {
    self.counts = counts
  }

  /// No more records come.
  mutating func end(_ book: inout AddressBook) {
    trail.end(in: &book)
  }

  /// Whether the thread ran a vCPU while it was watched.
  var isVCPU: Bool { counts.contains { $0 > 0 } || records.contains { $0 > 0 } }

  /// Exits to user space of which no record says at which address.
  var unplaced: UInt64 { trail.unplaced }

  /// Occurrences of a tracepoint whose record was not read: it found no room in the ring, or made no sense.
  func lost(_ member: Int) -> UInt64 {
    guard decoders[member] != nil, counts[member] > records[member] else { return 0 }
    return counts[member] - records[member]
  }
}
