import CKVM
import KVM
import Synchronization

/// The loop of one vCPU: KVM_RUN, find the device, let it answer, count, again.
///
/// Every exit passes through ``run()``; a test reads its machine code to see that nothing in it allocates,
/// counts references or calls a lock. What is rare lives in ``VCPUThread``, out of line.
@safe
struct RunLoop: ~Copyable {
  private let number: Int32
  private let shared: UnsafeMutablePointer<kvm_run>
  private let server: ExitServer
  private let control: MachineControl
  private let thread: VCPUThread
  /// The coalesced ring must be emptied before each exit is served.
  private let hasRing: Bool
  /// Interrupts are injected from user space.
  private let injects: Bool

  init(_ thread: VCPUThread) {
    number = thread.vcpu.number
    unsafe shared = thread.vcpu.run
    server = unsafe ExitServer(shared: thread.vcpu.run, bus: thread.bus, ledger: thread.ledger)
    control = thread.control
    hasRing = thread.ring != nil
    injects = thread.interrupts != nil
    self.thread = thread
  }

  /// Runs the vCPU until the machine stops.
  @inline(never)
  borrowing func run() {
    while !control.stopping.load(ordering: .acquiring) {
      if injects { thread.injectInterrupt() }
      let result = ckvm_run(number)
      let start = ckvm_timestamp()
      if hasRing { thread.drainRing(server) }
      // After an error the reason is that of the exit before.
      guard result >= 0 else {
        thread.runFailed(errno: Int32(truncatingIfNeeded: 0 &- result), since: start)
        continue
      }
      switch unsafe shared.pointee.exit_reason {
      case KVM_EXIT_IO.magnitude: server.servePort(since: start)
      case KVM_EXIT_MMIO.magnitude: server.serveMemory(since: start)
      default: thread.serveOther(server, since: start)
      }
    }
    if hasRing { thread.drainRing(server) }
  }
}
