import HostFacts
import Witness

/// Which of KVM's tracepoints this host has, and how their records read here.
public struct TracepointPlan: Sendable {
  struct Entry: Sendable {
    let kind: KVMTracepoint
    let tracepoint: Tracepoint
    /// Nil where the tracepoint is only counted.
    let decoder: EventDecoder?
  }

  /// What is counted, in the order of every list of counts.
  let entries: [Entry]
  /// Why a tracepoint is not counted, or is counted and not broken down; by its name.
  let unavailable: [String: String]

  /// This host's.
  ///
  /// - Throws: ``AttachError`` where there is none at all.
  public init(for host: HostKind) throws(AttachError) {
    let kinds = KVMTracepoint.allCases
    try self.init(
      Array(zip(kinds, Tracepoint.find("kvm", kinds.map(\.rawValue)))), host)
  }

  init(
    _ found: [(KVMTracepoint, Result<Tracepoint, Unavailable>)], _ host: HostKind
  ) throws(AttachError) {
    var entries: [Entry] = []
    var unavailable: [String: String] = [:]
    for (kind, result) in found {
      if let absence = kind.absence(on: host) {
        unavailable[kind.rawValue] = absence
        continue
      }
      do throws(Unavailable) {
        let tracepoint = try result.get()
        var decoder: EventDecoder?
        do throws(Unavailable) { decoder = try EventDecoder(kind, tracepoint.format) } catch {
          unavailable[kind.rawValue] = "counted, but not broken down: \(error)"
        }
        entries.append(Entry(kind: kind, tracepoint: tracepoint, decoder: decoder))
      } catch { unavailable[kind.rawValue] = error.reason }
    }
    guard !entries.isEmpty else {
      throw AttachError("\(unavailable["kvm_userspace_exit"] ?? "no tracepoints"); run as root")
    }
    self.entries = entries
    self.unavailable = unavailable
  }

  /// What a thread's group is to look at.
  var members: [PerfGroup.Member] {
    entries.map { PerfGroup.Member($0.tracepoint, isRecorded: $0.decoder != nil) }
  }
}

/// Why nothing can be counted: one line for the user.
public struct AttachError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
