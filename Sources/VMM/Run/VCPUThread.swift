import CKVM
import CLinux
import KVM

/// The thread of one vCPU: starts the run loop and does for it what is rare.
public final class VCPUThread: @unchecked Sendable {
  let vcpu: VCPU
  public let ledger: Ledger
  let control: MachineControl
  let memory: GuestMemory
  let server: ExitServer
  private let ring: CoalescedRing?
  private let interrupts: (any UserInterruptController)?
  private var thread = pthread_t()
  private let name: String
  /// Wakes the vCPU from HLT where user space does the halting; nil where the kernel does.
  private let wakeup: WakeUp?

  init(
    vcpu: VCPU, bus: Bus, ledger: Ledger, control: MachineControl, memory: GuestMemory,
    ring: CoalescedRing?, interrupts: (any UserInterruptController)?, name: String
  ) throws(MachineError) {
    do throws(GuestMemoryError) {
      server = try unsafe ExitServer(shared: vcpu.run, bus: bus, ledger: ledger)
    } catch { throw .memory(error) }
    do throws(KVMError) {
      wakeup = interrupts == nil ? nil : try WakeUp()
    } catch { throw .kvm(error) }
    self.vcpu = vcpu
    self.name = name
    self.ledger = ledger
    self.control = control
    self.memory = memory
    self.ring = ring
    self.interrupts = interrupts
  }

  /// Whether there is something to do around each KVM_RUN.
  var hasChores: Bool { ring != nil || interrupts != nil }

  /// Starts the thread.
  func start() throws(KVMError) {
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let result = unsafe pthread_create(&thread, nil, vcpuThreadMain, context)
    guard result == 0 else {
      unsafe Unmanaged<VCPUThread>.fromOpaque(context).release()
      throw KVMError("pthread_create", errno: result)
    }
  }

  fileprivate func main() {
    Signals.admitKick()
    unsafe linux_name_thread(name)
    RunLoop.run(self)
  }

  func join() {
    _ = pthread_join(thread, nil)
  }

  /// Brings the vCPU out of KVM_RUN or out of its halt, from any thread. The request is made before the signal is
  /// sent, so it does not matter on which side of the system call the thread is; the thread itself needs no signal.
  func kick() {
    vcpu.requestExit()
    guard pthread_equal(thread, pthread_self()) == 0 else { return }
    wakeup?.signal()
    _ = pthread_kill(thread, Signals.kick)
  }

  /// An interrupt waits to be injected. The vCPU's own thread looks for one before it enters the guest again.
  func interruptArrived() {
    if pthread_equal(thread, pthread_self()) == 0 { kick() }
  }

  // MARK: Out of the loop's line

  /// Somebody wants the vCPU out of KVM_RUN: whether the run goes on.
  @inline(never)
  func goesOn() -> Bool {
    vcpu.forgetExitRequest()
    return !control.isStopping
  }

  /// KVM_RUN answered a negative errno. EINTR is a kick; EAGAIN is a vCPU that woke to an INIT or SIPI; all else is
  /// the end.
  @inline(never)
  func runFailed(_ result: Int) {
    switch Int32(truncatingIfNeeded: 0 &- result) {
    case EINTR:
      // The kick that ends the run is none of the guest's exits.
      guard !control.isStopping else { return }
      ledger.record(ExitReason.interrupted.line, ticks: 0)
    case EAGAIN: break
    case let errno:
      control.stop(.failed(KVMError("KVM_RUN", errno: errno, advice: "vCPU \(vcpu.index)").description))
    }
  }

  /// Hands the writes in the coalesced ring, if there is one, to their devices.
  @inline(never)
  func drainRing() {
    ring?.drain(server)
  }

  /// Every exit that is neither a port nor memory.
  @inline(never)
  func serveOther(since start: UInt32) {
    let reason = unsafe ExitReason(vcpu.run.pointee.exit_reason)
    switch reason {
    case .rdmsr:
      server.serveMSR(isWrite: false, since: start)
      return
    case .wrmsr:
      server.serveMSR(isWrite: true, since: start)
      return
    case .hlt:
      // Waiting for an interrupt is no time of a handler.
      ledger.record(reason.line, ticks: ckvm_timestamp() &- start)
      halt()
      return
    case .irqWindowOpen, .interrupted, .debug, .setTPR: break
    case .systemEvent: systemEvent()
    default: control.stop(.crashed(Crash(vcpu, reason: reason, memory: memory)))
    }
    ledger.record(reason.line, ticks: ckvm_timestamp() &- start)
  }

  private func systemEvent() {
    let type = unsafe vcpu.run.pointee.system_event.type
    control.stop(type == KVM_SYSTEM_EVENT_RESET.magnitude ? .reset : .systemEvent(type: type))
  }

  /// HLT, which comes here only without the in-kernel interrupt controllers: waits for an interrupt. With
  /// interrupts off, or nobody to raise one, nothing can wake the vCPU, and the run is over.
  private func halt() {
    guard let interrupts, let wakeup, unsafe vcpu.run.pointee.if_flag != 0 else {
      control.stop(.halted)
      return
    }
    while !interrupts.hasPending, !control.isStopping { wakeup.wait() }
  }

  /// Gives the vCPU the next interrupt if it can take it now, and else asks KVM to come back when it can.
  @inline(never)
  func injectInterrupt() {
    guard let interrupts else { return }
    let wanted = interrupts.hasPending
    unsafe vcpu.run.pointee.request_interrupt_window = 0
    guard wanted else { return }
    guard unsafe vcpu.run.pointee.ready_for_interrupt_injection != 0 else {
      unsafe vcpu.run.pointee.request_interrupt_window = 1
      return
    }
    do throws(KVMError) {
      try vcpu.inject(vector: interrupts.acknowledge())
      if interrupts.hasPending { unsafe vcpu.run.pointee.request_interrupt_window = 1 }
    } catch {
      control.stop(.failed(error.description))
    }
  }
}

/// What pthread_create(3) calls; the argument is a VCPUThread, retained for it.
private func vcpuThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context = unsafe context {
    unsafe Unmanaged<VCPUThread>.fromOpaque(context).takeRetainedValue().main()
  }
  return nil
}
