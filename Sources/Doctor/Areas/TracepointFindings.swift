import HostFacts

/// Which tracepoints this kernel has, and which of them fire on this kind of host.
enum TracepointFindings {
  /// Said of a tracepoint that is there for nothing.
  static let never = "never fires"

  static func all(_ host: Host) -> [Finding] {
    switch host.tracing.tracepoints {
    case .failure(let why):
      return [
        .missing(.tracepoints, "tracepoints", "not told", why.reason, WitnessFindings.tracefsRemedy(host))
      ]
    case .success(let names) where !areKVMs(names):
      return [
        .missing(
          .tracepoints, "tracepoints", "none of KVM's", "they come with KVM's module",
          WitnessFindings.afterKVM)
      ]
    case .success(let names): return TracepointEntry.all.map { finding($0, names, host) }
    }
  }

  static func areKVMs(_ names: Set<String>) -> Bool { names.contains { $0.hasPrefix("kvm:") } }

  private static func finding(_ entry: TracepointEntry, _ names: Set<String>, _ host: Host) -> Finding {
    guard names.contains(entry.name) else {
      return .missing(
        .tracepoints, entry.name, "not there", entry.meaning,
        .change("another kernel: Linux \(host.facts.kernel) does not have it"))
    }
    guard host.kind != .unknown else { return .fact(.tracepoints, entry.name, "there", entry.meaning) }
    switch entry.firing(on: host) {
    case .fires: return .good(.tracepoints, entry.name, "fires", entry.meaning)
    case .perhaps(let condition):
      return .fact(.tracepoints, entry.name, "may fire", "\(entry.meaning); \(condition)")
    case .never(let reason):
      return .missing(.tracepoints, entry.name, never, entry.meaning, .none(because: reason))
    }
  }
}
