import HostFacts
import KVM
import VMM

/// Watches one machine with all witnesses: its ledger, KVM's statistics, and KVM's tracepoints.
public final class MachineWitness: Sendable {
  /// A counter of KVM's statistics.
  public struct Statistic: Codable, Equatable, Sendable {
    public let name: String
    /// `vm`, or `vcpu` for the sum over the vCPUs.
    public let scope: String
    /// `none`, `bytes`, `seconds`, `cycles`, `boolean`; `unknown(N)` for what a newer KVM says.
    public let unit: String
    /// A value is so many units.
    public let scale: Double
    /// One value, or the buckets of a histogram.
    public let values: [UInt64]
  }

  /// What all witnesses said.
  public struct Testimony: Sendable {
    public let lines: [WitnessLine]
    /// Accesses that the devices of KVM's own answered; nil where nobody counts them.
    public let kernelDevices: [(name: String, answered: UInt64?)]
    /// Those that are not 0.
    public let statistics: [Statistic]
    /// Witnesses that this host does not have, with the reason.
    public let unavailable: [String: String]
  }

  private let plan: WitnessPlan
  private let tracepoints: TracepointWitness

  /// Begins to count, on the threads that the calling thread makes from here on. Before the machine starts.
  public init(_ plan: WitnessPlan) {
    self.plan = plan
    tracepoints = TracepointWitness(plan.selections)
  }

  /// After the run of `machine`, and before it goes.
  ///
  /// - Parameter facts: what its ledger says.
  public func testimony(on machine: Machine, _ facts: MachineFacts) -> Testimony {
    var unavailable: [String: String] = [:]
    let count: (TracepointSelection) -> UInt64? = { [tracepoints] selection in
      try? tracepoints.count(selection)
    }
    for selection in plan.selections {
      do throws(Unavailable) { _ = try tracepoints.count(selection) } catch {
        unavailable[selection.event] = error.reason
      }
    }
    if plan.host == .pvm {
      unavailable["kvm_exit"] = "a PVM host has no hardware exits, and the tracepoint never fires"
    } else if plan.host == .unknown {
      unavailable["kvm_exit"] =
        "which kind of KVM this is cannot be told, and so neither what its reasons mean"
    }
    var statistics: [Statistic] = []
    do throws(KVMError) { statistics = try Self.statistics(of: machine) } catch {
      unavailable["statistics"] = error.description
    }
    let vcpu = Dictionary(
      statistics.filter { $0.scope == "vcpu" }.map { ($0.name, $0.values.first ?? 0) }, uniquingKeysWith: +)
    let reconciliation = Reconciliation(plan, facts, count: count) { vcpu[$0] }
    unavailable.merge(reconciliation.withheld) { $1 }
    return Testimony(
      lines: reconciliation.lines, kernelDevices: reconciliation.kernelDevices,
      statistics: statistics.filter { $0.values.contains { $0 != 0 } }, unavailable: unavailable)
  }

  private static func statistics(of machine: Machine) throws(KVMError) -> [Statistic] {
    var all = list(try machine.statistics(), scope: "vm")
    var sums: [Statistic] = []
    for vcpu in machine.vcpus {
      let own = list(try vcpu.statistics(), scope: "vcpu")
      sums = sums.isEmpty ? own : zip(sums, own).map { $0.adding($1) }
    }
    all += sums
    return all
  }

  private static func list(_ statistics: borrowing Statistics, scope: String) -> [Statistic] {
    var list: [Statistic] = []
    for description in statistics.descriptions {
      guard let values = statistics.values(of: description) else { continue }
      list.append(
        Statistic(
          name: description.name, scope: scope, unit: description.unit.name, scale: description.scale,
          values: values))
    }
    return list
  }
}

extension MachineWitness.Statistic {
  /// Of the same counter of another vCPU.
  fileprivate func adding(_ other: Self) -> Self {
    Self(
      name: name, scope: scope, unit: unit, scale: scale, values: zip(values, other.values).map { $0 &+ $1 })
  }
}
