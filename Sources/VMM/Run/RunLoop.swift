import CKVM
import KVM

/// The loop of one vCPU: KVM_RUN, find the device, let it answer, count, again.
///
/// Every exit passes through ``run()``; a test reads its machine code to see that nothing in it allocates, counts
/// references or calls a lock. Whoever wants something of the vCPU sets the flag in the shared page by which KVM_RUN
/// itself comes back, so the loop has one flag to look at. What is rare lives in ``VCPUThread``, out of line.
@safe
final class RunLoop {
  private let number: Int32
  private let shared: UnsafeMutablePointer<kvm_run>
  private let server: ExitServer
  private let thread: VCPUThread

  init(_ thread: VCPUThread) {
    number = thread.vcpu.number
    unsafe shared = thread.vcpu.run
    server = thread.server
    self.thread = thread
  }

  /// Runs the vCPU until the machine stops.
  @inline(never)
  func run() {
    guard !thread.hasChores else { return runWithChores() }
    repeat {
      let result = ckvm_run(number)
      let start = ckvm_timestamp()
      // After an error the reason is that of the exit before.
      if result == 0 { serve(since: start) } else { thread.runFailed(result, since: start) }
      // Not left to KVM_RUN: while a string access goes on, it brings the next item before it looks at the flag.
    } while unsafe ckvm_exit_is_requested(shared) == 0 || thread.goesOn()
  }

  /// The same with something to do around each KVM_RUN: interrupts to inject from user space, a ring of coalesced writes
  /// to empty before an exit is served.
  @inline(never)
  private func runWithChores() {
    repeat {
      thread.injectInterrupt()
      let result = ckvm_run(number)
      let start = ckvm_timestamp()
      thread.drainRing()
      if result == 0 { serve(since: start) } else { thread.runFailed(result, since: start) }
    } while unsafe ckvm_exit_is_requested(shared) == 0 || thread.goesOn()
    thread.drainRing()
  }

  @inline(__always)
  private func serve(since start: UInt64) {
    let reason = unsafe ckvm_exit_reason(shared)
    if _fastPath(reason == KVM_EXIT_IO.magnitude) {
      server.servePort(since: start)
    } else if reason == KVM_EXIT_MMIO.magnitude {
      server.serveMemory(since: start)
    } else {
      thread.serveOther(since: start)
    }
  }
}
