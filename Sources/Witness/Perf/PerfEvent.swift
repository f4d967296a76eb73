import CLinux
import KVM

/// An event of perf_event_open(2). Gone with its last reference; the threads that it watches notice nothing of either.
public final class PerfEvent: Sendable {
  private let descriptor: Descriptor
  private let name: String

  /// For poll(2) and mmap(2).
  var number: Int32 { descriptor.number }

  /// Opens an event that never happens, the leader of a group that counts nothing before it is enabled.
  ///
  /// - Throws: ``KVMError`` with the errno of perf_event_open(2): ESRCH where the thread is gone.
  convenience init(leadingOn thread: pid_t) throws(KVMError) {
    try self.init(
      "an empty event", PERF_TYPE_SOFTWARE.rawValue, UInt64(PERF_COUNT_SW_DUMMY.rawValue), thread, leader: -1,
      isRecorded: false)
  }

  /// Opens a tracepoint as a member of a group on the same thread.
  ///
  /// - Parameter isRecorded: each occurrence leaves a record, in the ring that ``redirect(to:)`` names.
  convenience init(
    _ tracepoint: Tracepoint, on thread: pid_t, ledBy leader: PerfEvent, isRecorded: Bool
  ) throws(KVMError) {
    try self.init(
      tracepoint.name, PERF_TYPE_TRACEPOINT.rawValue, tracepoint.identifier, thread, leader: leader.number,
      isRecorded: isRecorded)
  }

  /// Counts those of a tracepoint's events that a filter lets through: on the calling thread and the threads that it will
  /// make, with theirs.
  convenience init(_ tracepoint: Tracepoint, fromHereOn filter: String) throws(KVMError) {
    try self.init(
      tracepoint.name, unsafe linux_count_tracepoint_of_thread(tracepoint.identifier, filter))
  }

  /// The same on one processor, whatever thread runs there.
  convenience init(_ tracepoint: Tracepoint, processor: Int32, filter: String) throws(KVMError) {
    try self.init(
      tracepoint.name, unsafe linux_count_tracepoint_on(tracepoint.identifier, processor, filter))
  }

  private convenience init(
    _ name: String, _ type: UInt32, _ config: UInt64, _ thread: pid_t, leader: Int32, isRecorded: Bool
  ) throws(KVMError) {
    try self.init(name, linux_perf_open(type, config, thread, leader, isRecorded ? 1 : 0))
  }

  /// - Parameter number: of the descriptor, or a negative errno.
  private init(_ name: String, _ number: Int) throws(KVMError) {
    guard number >= 0 else {
      throw KVMError("perf_event_open of \(name)", errno: Int32(-number), advice: Self.advice(Int32(-number)))
    }
    descriptor = Descriptor(owning: Int32(number))
    self.name = name
  }

  private static func advice(_ errno: Int32) -> String {
    switch errno {
    case EACCES, EPERM: "run as root, or with CAP_PERFMON"
    case EMFILE: "allow more open files: ulimit -n"
    default: ""
    }
  }

  /// Lets all events of the group that this one leads count from here on, or none of them.
  func enableGroup(_ isEnabled: Bool) throws(KVMError) {
    try check(linux_perf_enable(number, isEnabled ? 1 : 0))
  }

  /// Sends its records to another event's ring.
  func redirect(to other: PerfEvent) throws(KVMError) {
    try check(linux_perf_redirect(number, other.number))
  }

  /// The number that its records carry.
  func identifier() throws(KVMError) -> UInt64 {
    var identifier: UInt64 = 0
    try check(unsafe linux_perf_identifier(number, &identifier))
    return identifier
  }

  private func check(_ result: Int) throws(KVMError) {
    guard result >= 0 else { throw KVMError("ioctl on \(name)", errno: Int32(-result)) }
  }

  /// How often it happened while it was enabled, also once its thread has ended.
  func count() throws(KVMError) -> UInt64 {
    var value: UInt64 = 0
    let length = unsafe read(number, &value, MemoryLayout<UInt64>.size)
    guard length == MemoryLayout<UInt64>.size else {
      throw KVMError("read of \(name)", errno: length < 0 ? linux_errno() : EIO)
    }
    return value
  }
}
