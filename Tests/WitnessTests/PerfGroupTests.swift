import CLinux
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Witness

/// With the tracepoint of a system call that any thread can make.
@Suite(.enabled(if: geteuid() == 0, "perf events of tracepoints take root"))
struct PerfGroupTests {
  /// getpriority(2), which nothing else here calls.
  private static func tracepoints() throws -> [Tracepoint] {
    try Tracepoint.find("syscalls", ["sys_enter_getpriority", "sys_exit_getpriority"]).map { try $0.get() }
  }

  private func fire(_ count: Int) {
    for _ in 0..<count { _ = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }
  }

  @Test func `counts are those between start and stop, and each has its record`() throws {
    let tracepoints = try Self.tracepoints()
    let group = try PerfGroup(
      [.init(tracepoints[0], isRecorded: true), .init(tracepoints[1], isRecorded: false)],
      on: currentThread(), ringPages: 8)
    fire(3)
    try group.start()
    fire(100)
    try group.stop()
    fire(3)
    #expect(try group.counts() == [100, 100])
    var members: [Int?] = []
    let which = try tracepoints[0].format.field("which")
    group.drain { member, record, bytes in
      members.append(member)
      guard case .sample(_, let data) = record else { return }
      #expect(which.value(in: bytes.extracting(data)) == 0)
    }
    #expect(members == Array(repeating: 0, count: 100))
  }

  @Test func `a ring that overflows loses records and no counts, and says so`() throws {
    let group = try PerfGroup(
      [.init(Self.tracepoints()[0], isRecorded: true)], on: currentThread(), ringPages: 1)
    try group.start()
    fire(1000)
    var (samples, lost): (UInt64, UInt64) = (0, 0)
    func drain() {
      group.drain { _, record, _ in
        switch record {
        case .sample: samples += 1
        case .lost(let count): lost += count
        default: break
        }
      }
    }
    drain()
    // The kernel tells of the loss with the next record that finds room.
    fire(1)
    try group.stop()
    drain()
    #expect(try group.counts() == [1001])
    #expect(lost > 0)
    #expect(samples + lost == 1001)
  }

  @Test func `the counts and records of a thread outlive it`() throws {
    let id = Atomic<Int32>(0)
    let go = Atomic<Bool>(false)
    let thread = try #require(
      Witness.Thread {
        id.store(currentThread(), ordering: .releasing)
        while !go.load(ordering: .acquiring) { _ = sched_yield() }
        fire(50)
      })
    while id.load(ordering: .acquiring) == 0 { _ = sched_yield() }
    let group = try PerfGroup(
      [.init(Self.tracepoints()[0], isRecorded: true)], on: id.load(ordering: .relaxed), ringPages: 4)
    try group.start()
    go.store(true, ordering: .releasing)
    thread.join()
    #expect(try group.counts() == [50])
    var samples = 0
    group.drain { member, _, _ in samples += member == 0 ? 1 : 0 }
    #expect(samples == 50)
    try group.stop()
  }

  @Test func `a thread that is not there is said by its errno`() throws {
    do {
      _ = try PerfGroup([], on: 1 << 22 - 1, ringPages: 1)
      Issue.record("opened")
    } catch { #expect(error.errno == ESRCH) }
  }

  @Test func `several tracepoints are looked up at once, and each says for itself what is wrong`() throws {
    let found = Tracepoint.find("kvm", ["kvm_exit", "kvm_no_such_event", "kvm_pio"])
    #expect(found.count == 3)
    #expect(try found[0].get().name == "kvm:kvm_exit")
    #expect(found[1] == .failure(Unavailable("this kernel has no tracepoint kvm:kvm_no_such_event")))
    #expect(try found[2].get().format.field("port").size == 4)
  }
}

/// The number that the kernel knows the calling thread by.
private func currentThread() -> pid_t {
  let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
  return path?.split(separator: "/").last.flatMap { pid_t($0) } ?? 0
}
