import CLinux
import HostFacts
import KVM
import Witness

/// Counts what the threads of a process do in KVM. Perf events on the threads, and nothing else: the process is not
/// stopped, not written to, and the kernel takes the events away if this program dies.
///
/// All threads are watched, for which of them are vCPUs is the VMM's secret, and a thread that never enters KVM costs
/// its share of memory but no time: half a MiB for a ring, and a descriptor for each tracepoint.
public final class Attachment {
  let target: Target
  let plan: TracepointPlan
  private var watched: [pid_t: WatchedThread] = [:]
  /// Threads that ended and were vCPUs.
  private(set) var ended: [WatchedThread] = []
  private(set) var book: AddressBook
  private var started = ContinuousClock.now
  private var stopped: ContinuousClock.Instant?
  /// Threads that were there at the start; that came later, so that their beginning is not counted; that ended.
  private(set) var initialCount = 0
  private(set) var appearedCount = 0
  private(set) var endedCount = 0
  /// Threads that came later and could not be watched: those that are there now, how many in all, the last one's reason.
  private var refused: Set<pid_t> = []
  private(set) var refusedCount = 0
  private(set) var refusal: String?

  /// Begins to count on every thread of the target.
  ///
  /// - Parameter ranges: names for addresses; the first that holds an address names it.
  /// - Throws: ``AttachError`` where the user may not, or something that it takes is not there.
  public init(
    to target: Target, _ plan: TracepointPlan, ranges: [NamedRange]
  ) throws(AttachError) {
    book = AddressBook(ranges: ranges)
    self.target = target
    self.plan = plan
    linux_raise_file_limit()
    do throws(KVMError) {
      // Until a look finds no thread that is not watched: threads make threads. Who never ceases has some found later.
      var rounds = 0
      while rounds < 10, try addThreads() > 0 { rounds += 1 }
      started = .now
      for thread in watched.values { try thread.start() }
    } catch {
      throw AttachError(error.description)
    }
    initialCount = watched.count
    guard initialCount > 0 else { throw AttachError("process \(target.pid) has just ended") }
  }

  /// How many threads are watched now.
  public var threadCount: Int { watched.count }

  /// All threads, also those that ended.
  var threads: [WatchedThread] { ended + watched.values }

  /// From the first event to now, or to the end of counting.
  var duration: Duration { started.duration(to: stopped ?? .now) }

  /// Opens the events of each thread that has none, counting nothing yet; how many there were.
  private func addThreads() throws(KVMError) -> Int {
    var count = 0
    for number in target.folder.threads ?? [] where watched[number] == nil {
      guard let name = target.folder.name(of: number) else { continue }
      do throws(KVMError) {
        watched[number] = try WatchedThread(number, name: name, appeared: false, plan)
        count += 1
      } catch {
        if error.errno != ESRCH { throw error }
      }
    }
    return count
  }

  /// Waits until one of `descriptors` is readable, a ring is half full or `timeout` is over; then takes all records, and
  /// looks after threads that came or went.
  ///
  /// - Returns: which of `descriptors` are readable.
  func wait(for descriptors: [Int32], timeout: Duration) throws(KVMError) -> [Bool] {
    let threads = Array(watched.values)
    var items = (descriptors + threads.map { $0.pollDescriptor ?? -1 }).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    _ = unsafe poll(&items, nfds_t(items.count), Int32(timeout.milliseconds.rounded(.up)))
    for (thread, item) in zip(threads, items.dropFirst(descriptors.count)) {
      thread.drain(into: &book)
      // What hung up stays so, and would end every wait at once.
      if item.revents & Int16(POLLHUP) != 0 { try retire(thread) }
    }
    try look()
    return items.prefix(descriptors.count).map { $0.revents != 0 }
  }

  /// Finds threads that came or went.
  private func look() throws(KVMError) {
    // Where the process is gone its end is somebody else's business.
    guard let present = target.folder.threads.map(Set.init) else { return }
    for (number, thread) in watched where !present.contains(number) { try retire(thread) }
    refused.formIntersection(present)
    for number in present where watched[number] == nil && !refused.contains(number) { appear(number) }
  }

  private func retire(_ thread: WatchedThread) throws(KVMError) {
    try thread.end(into: &book)
    watched[thread.number] = nil
    endedCount += 1
    if thread.tally.isVCPU { ended.append(thread) }
  }

  /// Watches a thread that was not there at the start.
  private func appear(_ number: pid_t) {
    guard let name = target.folder.name(of: number) else { return }
    do throws(KVMError) {
      let thread = try WatchedThread(number, name: name, appeared: true, plan)
      try thread.start()
      watched[number] = thread
      appearedCount += 1
    } catch {
      guard error.errno != ESRCH else { return }
      refused.insert(number)
      refusedCount += 1
      refusal = error.description
    }
  }

  /// Brings counts, records and names up to date.
  func update() throws(KVMError) {
    for thread in watched.values { try thread.read(into: &book) }
    rename()
  }

  /// VMMs name a thread once it runs, which may be after it was found.
  private func rename() {
    for thread in watched.values {
      if let name = target.folder.name(of: thread.number) { thread.rename(name) }
    }
  }

  /// Counts no more: what is there now is final.
  func stop() throws(KVMError) {
    for thread in watched.values { try thread.stop() }
    stopped = .now
    rename()
    if target.hasEnded { endedCount += watched.count }
    for thread in watched.values { try thread.end(into: &book) }
  }
}

extension Duration {
  /// As a floating-point number.
  fileprivate var milliseconds: Double { self / .milliseconds(1) }
}
