import CLinux
import KVM
import Synchronization
import VMM

/// Counts what KVM answers by itself, so that user space never sees it: CPUID through a tracepoint, HLT through
/// KVM's statistics.
///
/// Made on the thread that will start the machine, before it does: the tracepoint's counter belongs to that
/// thread, and the vCPUs' threads inherit it. The counter is armed in the background, for the kernel may take
/// milliseconds for it.
public final class KernelCounts: @unchecked Sendable {
  /// A count, or why there is none.
  public typealias Count = Result<UInt64, Unavailable>

  private let owner = linux_gettid()
  private var arming: Thread?
  private var counter: TracepointCounter?
  private var failure: Unavailable?

  public init() {
    arming = Thread { [unowned self] in arm() }
    if arming == nil { failure = Unavailable("no thread to arm the tracepoint") }
  }

  deinit {
    waitUntilArmed()
  }

  private func arm() {
    do throws(Unavailable) {
      counter = try TracepointCounter(try Tracepoint("kvm", "kvm_cpuid"), thread: owner)
    } catch {
      failure = error
    }
  }

  /// Waits for the background. Before the machine starts, or its first CPUIDs are missed.
  public func waitUntilArmed() {
    arming?.join()
    arming = nil
  }

  /// CPUID instructions that KVM answered, on all vCPUs. After the run.
  public var cpuid: Count {
    waitUntilArmed()
    if let failure { return .failure(failure) }
    return .success(counter?.count ?? 0)
  }

  /// HLT instructions of a machine's vCPUs, wherever they were answered. After the run.
  public func hlt(_ machine: Machine) -> Count {
    var sum: UInt64 = 0
    for vcpu in machine.vcpus {
      do throws(KVMError) {
        guard let count = try vcpu.statistics()["halt_exits"] else {
          return .failure(Unavailable("this KVM has no counter halt_exits"))
        }
        sum += count
      } catch {
        return .failure(Unavailable(error.description))
      }
    }
    return .success(sum)
  }
}
