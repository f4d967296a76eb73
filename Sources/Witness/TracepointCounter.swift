import CLinux
import KVM

/// Counts how often a tracepoint fires on the threads of one name.
///
/// It counts on each processor and lets the kernel filter by name, for a counter that belongs to threads makes the kernel
/// wait for a grace period, 20 ms on an idle machine, if there has been none for a while.
public final class TracepointCounter: Sendable {
  private let counters: [PerfEvent]

  /// Starts counting at 0, on the processors that the calling thread may use.
  public init(_ tracepoint: Tracepoint, threadsNamed name: String) throws(Unavailable) {
    var counters: [PerfEvent] = []
    for processor in try Self.processors() {
      do throws(KVMError) {
        counters.append(try PerfEvent(tracepoint, processor: processor, filter: "comm == \"\(name)\""))
      } catch { throw Unavailable(error.description) }
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
      do throws(KVMError) { sum += try counter.count() } catch { throw Unavailable(error.description) }
    }
    return sum
  }
}
