import KVM
import VMM
import Witness

/// A counter of KVM's statistics, over the vCPUs of a machine that runs.
final class MachineStatistic {
  private final class Open {
    let statistics: Statistics

    init(_ vcpu: VCPU) throws(KVMError) {
      statistics = try vcpu.statistics()
    }
  }

  private let name: String
  private var open: [Open] = []

  init(_ name: String) {
    self.name = name
  }

  /// - Throws: ``Unavailable`` where this KVM has no such counter.
  func sum(over vcpus: [VCPU]) throws(Unavailable) -> UInt64 {
    if open.isEmpty {
      do throws(KVMError) {
        for vcpu in vcpus { open.append(try Open(vcpu)) }
      } catch { throw Unavailable(error.description) }
    }
    var sum: UInt64 = 0
    for one in open {
      guard let value = one.statistics[name] else { throw Unavailable("this KVM has no counter \(name)") }
      sum &+= value
    }
    return sum
  }
}
