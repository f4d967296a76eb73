import CLinux
import KVM
import Witness

/// One thread of the target, with the events that count on it.
final class WatchedThread {
  let number: pid_t
  /// It was not there when counting began.
  let appeared: Bool
  /// As the target calls it.
  private(set) var name: String
  private(set) var tally: ThreadTally
  /// Nil once the thread has ended and everything of it is in the tally.
  private var group: PerfGroup?

  /// Room for records of one thread: 128 pages, half a MiB. At 100 bytes a record and a look every 20 ms a thread may
  /// exit 250 000 times a second; and a ring half full asks for a look at once.
  private static let ringPages = 128

  /// - Throws: ``KVMError`` with errno ESRCH where the thread is gone.
  init(_ number: pid_t, name: String, appeared: Bool, _ plan: TracepointPlan) throws(KVMError) {
    self.number = number
    self.appeared = appeared
    self.name = name
    tally = ThreadTally(plan)
    group = try PerfGroup(plan.members, on: number, ringPages: Self.ringPages)
  }

  func start() throws(KVMError) {
    try group?.start()
  }

  func stop() throws(KVMError) {
    try group?.stop()
  }

  func rename(_ name: String) {
    self.name = name
  }

  /// For poll(2); nil once the thread has ended.
  var pollDescriptor: Int32? { group?.pollDescriptor }

  /// Takes the records that are there.
  func drain(into book: inout AddressBook) {
    group?.drain { tally.take($0, $1, $2, &book) }
  }

  /// Takes the counts, and then the records: of what happened up to the counts, none is missing then unless it was lost.
  func read(into book: inout AddressBook) throws(KVMError) {
    if let group { tally.set(try group.counts()) }
    drain(into: &book)
  }

  /// The thread has ended, or nothing is to be counted any more: takes what is left and closes its events.
  func end(into book: inout AddressBook) throws(KVMError) {
    guard group != nil else { return }
    try read(into: &book)
    tally.end(&book)
    group = nil
  }
}
