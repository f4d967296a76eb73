import CKVM
import KVM

/// The loop of one vCPU: KVM_RUN, find the device, let it answer, count, again.
///
/// Every exit passes through ``run(_:_:)``; a test reads its machine code to see that nothing in it allocates, counts
/// references or calls a lock. Whoever wants something of the vCPU sets the flag in the shared page by which KVM_RUN
/// itself comes back, so the loop has one flag to look at. What is rare lives in ``VCPUThread``, out of line.
enum RunLoop {
  /// Runs a vCPU until the machine stops.
  static func run(_ thread: VCPUThread) {
    if thread.hasChores {
      runWithChores(thread.server, thread)
    } else {
      run(thread.server, thread)
    }
  }

  @inline(never)
  private static func run(_ server: ExitServer, _ thread: VCPUThread) {
    let number = thread.vcpu.number
    let shared = unsafe server.shared
    let ports = unsafe server.ports
    repeat {
      let result = ckvm_run(number)
      // After an error the reason is that of the exit before.
      if _fastPath(result == 0) {
        unsafe serve(server, thread, shared, ports)
      } else {
        thread.runFailed(result)
      }
      // Not left to KVM_RUN: while `rep movs` reads a device, it brings the next item before it looks at the flag.
    } while unsafe _fastPath(ckvm_exit_is_requested(shared) == 0) || thread.goesOn()
  }

  /// The same with something to do around each KVM_RUN: interrupts to inject from user space, a ring of coalesced writes
  /// to empty before an exit is served.
  @inline(never)
  private static func runWithChores(_ server: ExitServer, _ thread: VCPUThread) {
    let number = thread.vcpu.number
    let shared = unsafe server.shared
    let ports = unsafe server.ports
    repeat {
      thread.injectInterrupt()
      let result = ckvm_run(number)
      thread.drainRing()
      if result == 0 {
        unsafe serve(server, thread, shared, ports)
      } else {
        thread.runFailed(result)
      }
    } while unsafe ckvm_exit_is_requested(shared) == 0 || thread.goesOn()
    thread.drainRing()
  }

  @inline(__always)
  private static func serve(
    _ server: ExitServer, _ thread: VCPUThread, _ shared: UnsafeMutablePointer<kvm_run>,
    _ ports: UnsafeMutablePointer<PortTable.Entry?>
  ) {
    let start = ckvm_timestamp()
    let reason = unsafe ckvm_exit_reason(shared)
    if _fastPath(reason == KVM_EXIT_IO.magnitude) {
      unsafe server.servePort(shared, ports, since: start)
    } else if reason == KVM_EXIT_MMIO.magnitude {
      server.serveMemory(since: start)
    } else {
      thread.serveOther(since: start)
    }
  }
}
