import CLinux
import KVM

/// Counts what KVM's tracepoints see of the machines that the calling thread runs from here on: on this thread, and on
/// the threads that it makes.
///
/// The kernel filters and counts; nothing is recorded, so nothing can be lost.
public final class TracepointWitness: Sendable {
  private let counters: [TracepointSelection: Result<PerfEvent, Unavailable>]

  /// Starts counting at 0. A selection that cannot be counted says so when it is asked.
  public init(_ selections: [TracepointSelection]) {
    let tracepoints = Self.find(Set(selections.map(\.event)))
    var counters: [TracepointSelection: Result<PerfEvent, Unavailable>] = [:]
    for selection in selections where counters[selection] == nil {
      counters[selection] = tracepoints[selection.event]?.flatMap { Self.open($0, selection) }
    }
    self.counters = counters
  }

  /// Each by the name that its selections have.
  private static func find(_ names: Set<String>) -> [String: Result<Tracepoint, Unavailable>] {
    var found: [String: Result<Tracepoint, Unavailable>] = [:]
    func subsystem(_ name: String) -> String { name.firstIndex(of: ":").map { String(name[..<$0]) } ?? "kvm" }
    for (subsystem, names) in Dictionary(grouping: names, by: subsystem) {
      let events = names.map { String($0.split(separator: ":").last ?? "") }
      for (name, tracepoint) in zip(names, Tracepoint.find(subsystem, events)) { found[name] = tracepoint }
    }
    return found
  }

  private static func open(
    _ tracepoint: Tracepoint, _ selection: TracepointSelection
  ) -> Result<PerfEvent, Unavailable> {
    do throws(KVMError) {
      return .success(try PerfEvent(tracepoint, fromHereOn: selection.filter))
    } catch {
      return .failure(Unavailable("\(selection): \(error)"))
    }
  }

  /// How often the selection's events came so far.
  ///
  /// - Throws: ``Unavailable`` with the reason why this host does not count them.
  public func count(_ selection: TracepointSelection) throws(Unavailable) -> UInt64 {
    guard let counter = counters[selection] else { throw Unavailable("\(selection) was not asked for") }
    let event = try counter.get()
    do throws(KVMError) { return try event.count() } catch { throw Unavailable(error.description) }
  }
}
