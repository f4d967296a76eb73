import CLinux
import KVM

/// Counts how often a tracepoint fires on the threads of one name.
///
/// It counts on each processor and lets the kernel filter by name, for a counter that belongs to threads makes the kernel
/// wait for a grace period, 20 ms on an idle machine, if there has been none for a while.
public final class TracepointCounter: Sendable {
  private let counters: [OpenCounter]

  private final class OpenCounter: Sendable {
    let descriptor: Descriptor

    init(_ number: Int32) {
      descriptor = Descriptor(owning: number)
    }
  }

  /// Starts counting at 0, on the processors that the calling thread may use.
  public init(_ tracepoint: Tracepoint, threadsNamed name: String) throws(Unavailable) {
    var counters: [OpenCounter] = []
    for processor in try Self.processors() {
      let number = unsafe linux_count_tracepoint_on(tracepoint.identifier, processor, "comm == \"\(name)\"")
      guard number >= 0 else {
        throw Unavailable(
          KVMError(
            "perf_event_open of \(tracepoint.name)", errno: Int32(-number),
            advice: "run as root, or with CAP_PERFMON"
          ).description)
      }
      counters.append(OpenCounter(Int32(number)))
    }
    self.counters = counters
  }

  private static func processors() throws(Unavailable) -> [Int32] {
    var words = [UInt64](repeating: 0, count: 128)
    let length = unsafe linux_processors(&words, words.count * 8)
    guard length > 0 else {
      throw Unavailable(KVMError("sched_getaffinity", errno: Int32(-length)).description)
    }
    return (0..<Int32(words.count * 64)).filter { words[Int($0) / 64] >> UInt64($0 % 64) & 1 != 0 }
  }

  /// How often it fired so far.
  ///
  /// - Throws: ``Unavailable`` where one of the processors does not tell.
  public func count() throws(Unavailable) -> UInt64 {
    var sum: UInt64 = 0
    for counter in counters {
      var value: UInt64 = 0
      let length = unsafe read(counter.descriptor.number, &value, MemoryLayout<UInt64>.size)
      guard length == MemoryLayout<UInt64>.size else {
        throw Unavailable(KVMError("read of a perf event", errno: linux_errno()).description)
      }
      sum += value
    }
    return sum
  }
}
