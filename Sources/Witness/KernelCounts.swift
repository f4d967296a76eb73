import KVM
import Synchronization
import VMM

/// Counts what KVM answers by itself, so that user space never sees it: CPUID through a tracepoint, HLT through
/// KVM's statistics.
///
/// Each vCPU's thread opens its counters before its first KVM_RUN and reads them after its last.
public final class KernelCounts: Sendable {
  /// A count, or why there is none.
  public typealias Count = Result<UInt64, Unavailable>

  private struct Totals {
    var cpuid: Count
    var hlt: Count = .success(0)
  }
  private let totals: Mutex<Totals>
  private let tracepoint: Result<Tracepoint, Unavailable>
  private let slots: [Slot]

  /// What one vCPU's thread holds between its first and its last look.
  private final class Slot: @unchecked Sendable {
    var counter: TracepointCounter?
  }

  /// - Parameter cpus: number of vCPUs.
  public init(cpus: Int) {
    do throws(Unavailable) {
      tracepoint = .success(try Tracepoint("kvm", "kvm_cpuid"))
    } catch {
      tracepoint = .failure(error)
    }
    totals = Mutex(Totals(cpuid: tracepoint.map { _ in 0 }))
    slots = (0..<cpus).map { _ in Slot() }
  }

  /// What the vCPUs' threads must call.
  public var hooks: VCPUThread.Hooks {
    var hooks = VCPUThread.Hooks()
    hooks.begin = { [self] vcpu in begin(vcpu) }
    hooks.end = { [self] vcpu in end(vcpu) }
    return hooks
  }

  /// CPUID instructions that KVM answered.
  public var cpuid: Count { totals.withLock { $0.cpuid } }
  /// HLT instructions in which the vCPU slept within KVM.
  public var hlt: Count { totals.withLock { $0.hlt } }

  private func begin(_ vcpu: VCPU) {
    guard case .success(let tracepoint) = tracepoint else { return }
    do throws(Unavailable) {
      slots[vcpu.index].counter = try TracepointCounter(tracepoint)
    } catch {
      totals.withLock { $0.cpuid = .failure(error) }
    }
  }

  private func end(_ vcpu: VCPU) {
    if let count = slots[vcpu.index].counter?.count {
      totals.withLock { $0.cpuid = $0.cpuid.map { $0 + count } }
    }
    slots[vcpu.index].counter = nil
    let halts: Count
    do throws(KVMError) {
      let statistics = try vcpu.statistics()
      halts = statistics["halt_exits"].map { .success($0) } ?? .failure(Unavailable("no counter halt_exits"))
    } catch {
      halts = .failure(Unavailable(error.description))
    }
    totals.withLock { totals in
      totals.hlt = totals.hlt.flatMap { sum in halts.map { sum + $0 } }
    }
  }
}
