import CLinux
import KVM
import Synchronization
import VMM

/// Counts what KVM answers by itself, so that user space never sees it: CPUID through a tracepoint, HLT through
/// KVM's statistics.
///
/// The tracepoint's counter knows a machine's vCPUs by the name of their threads, ``threadName``, which the machine's
/// configuration must carry. It is armed in the background, for it takes the kernel some time.
public final class KernelCounts: @unchecked Sendable {
  /// A count, or why there is none.
  public typealias Count = Result<UInt64, Unavailable>

  /// What the background brings. Its thread holds it, for the counts may be given up before it has begun.
  private final class Armed {
    var counter: TracepointCounter?
    var failure: Unavailable?
  }
  private let armed = Armed()
  private var arming: Thread?

  /// For ``MachineConfiguration/threadName``: of this machine alone, also beside others of this program and other programs.
  public let threadName = "vcpu-" + String(UInt32.random(in: .min ... .max), radix: 16)

  public init() {
    arming = Thread { [armed, threadName] in
      do throws(Unavailable) {
        armed.counter = try TracepointCounter(
          try Tracepoint("kvm", "kvm_cpuid"), threadsNamed: threadName)
      } catch {
        armed.failure = error
      }
    }
    if arming == nil { armed.failure = Unavailable("no thread to arm the tracepoint") }
  }

  deinit {
    waitUntilArmed()
  }

  /// Waits for the background. Before the machine starts, or its first CPUIDs are missed.
  public func waitUntilArmed() {
    arming?.join()
    arming = nil
  }

  /// CPUID instructions that KVM answered, on all vCPUs. After the run.
  public var cpuid: Count {
    waitUntilArmed()
    if let failure = armed.failure { return .failure(failure) }
    guard let counter = armed.counter else { return .failure(Unavailable("the tracepoint was not armed")) }
    do throws(Unavailable) { return .success(try counter.count()) } catch { return .failure(error) }
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
