import CLinux
import KVM

/// Counts what KVM's tracepoints see of the machines that the calling thread runs from here on: on this thread, and on
/// the threads that it makes.
///
/// The kernel filters and counts; nothing is recorded, so nothing can be lost.
public final class TracepointWitness: Sendable {
  private enum Counter: Sendable {
    case open(OpenCounter)
    case failed(Unavailable)
  }
  private final class OpenCounter: Sendable {
    let descriptor: Descriptor

    init(_ number: Int32) {
      descriptor = Descriptor(owning: number)
    }
  }
  private let counters: [TracepointSelection: Counter]

  /// Starts counting at 0. A selection that cannot be counted says so when it is asked.
  public init(_ selections: [TracepointSelection]) {
    var tracepoints: [String: Result<Tracepoint, Unavailable>] = [:]
    var counters: [TracepointSelection: Counter] = [:]
    for selection in selections where counters[selection] == nil {
      let tracepoint = tracepoints[selection.event] ?? Self.find(selection.event)
      tracepoints[selection.event] = tracepoint
      counters[selection] =
        switch tracepoint {
        case .success(let tracepoint): Self.open(tracepoint, selection)
        case .failure(let why): .failed(why)
        }
    }
    self.counters = counters
  }

  private static func find(_ event: String) -> Result<Tracepoint, Unavailable> {
    do throws(Unavailable) { return .success(try Tracepoint("kvm", event)) } catch { return .failure(error) }
  }

  private static func open(_ tracepoint: Tracepoint, _ selection: TracepointSelection) -> Counter {
    let number = unsafe linux_count_tracepoint_of_thread(tracepoint.identifier, selection.filter)
    guard number >= 0 else {
      let error = KVMError(
        "perf_event_open of \(selection)", errno: Int32(-number),
        advice: number == -Int(EMFILE)
          ? "allow more open files: ulimit -n" : "run as root, or with CAP_PERFMON")
      return .failed(Unavailable(error.description))
    }
    return .open(OpenCounter(Int32(number)))
  }

  /// How often the selection's events came so far.
  ///
  /// - Throws: ``Unavailable`` with the reason why this host does not count them.
  public func count(_ selection: TracepointSelection) throws(Unavailable) -> UInt64 {
    switch counters[selection] {
    case nil: throw Unavailable("\(selection) was not asked for")
    case .failed(let why): throw why
    case .open(let counter):
      var value: UInt64 = 0
      let length = unsafe read(counter.descriptor.number, &value, MemoryLayout<UInt64>.size)
      guard length == MemoryLayout<UInt64>.size else {
        throw Unavailable(KVMError("read of a perf event", errno: linux_errno()).description)
      }
      return value
    }
  }
}
