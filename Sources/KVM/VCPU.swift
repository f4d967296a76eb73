import CKVM
import CLinux

/// A vCPU of KVM, and the page that it shares with the VMM.
///
/// Its registers belong to the thread that runs it. ``requestExit()`` may be called from any thread.
@safe
public final class VCPU: @unchecked Sendable {
  public let index: Int
  private let descriptor: Descriptor
  private let runSize: Int
  /// struct kvm_run: why the vCPU stopped, and the data of that. Changes in KVM_RUN only.
  @unsafe public let run: UnsafeMutablePointer<kvm_run>

  init(index: Int, descriptor: consuming Descriptor, runSize: Int) throws(KVMError) {
    let address = try check(
      Int(linux_map_descriptor(descriptor.number, runSize, PROT_READ | PROT_WRITE)), "mmap of kvm_run")
    unsafe run = UnsafeMutablePointer<kvm_run>(bitPattern: address)!
    self.index = index
    self.runSize = runSize
    self.descriptor = descriptor
  }

  deinit {
    _ = unsafe munmap(run, runSize)
  }

  /// The descriptor, for the run loop, which makes its system call itself.
  public var number: Int32 { descriptor.number }

  /// Makes the next KVM_RUN, or one that goes on, return with EINTR; the thread must also get a signal.
  public func requestExit() {
    unsafe ckvm_request_exit(run)
  }

  /// Takes back what ``requestExit()`` asked; on the vCPU's thread, before a look
  /// at the reason for asking.
  public func forgetExitRequest() {
    unsafe ckvm_forget_exit_request(run)
  }

  /// Sets what CPUID answers on this vCPU. Before the first KVM_RUN.
  public func setCPUID(_ table: CPUIDTable) throws(KVMError) {
    try table.apply(to: number)
  }

  /// The general registers, RIP and RFLAGS.
  public func registers() throws(KVMError) -> kvm_regs {
    var registers = kvm_regs()
    _ = try unsafe check(ckvm_call_with(number, KVM_GET_REGS_, &registers), "KVM_GET_REGS")
    return registers
  }

  /// Sets the general registers, RIP and RFLAGS, of which KVM takes any values. The vCPU is not in KVM_RUN.
  public func setRegisters(_ registers: kvm_regs) throws(KVMError) {
    var registers = registers
    _ = try unsafe check(ckvm_call_with(number, KVM_SET_REGS_, &registers), "KVM_SET_REGS")
  }

  /// The segments, descriptor tables and control registers.
  public func specialRegisters() throws(KVMError) -> kvm_sregs {
    var registers = kvm_sregs()
    _ = try unsafe check(ckvm_call_with(number, KVM_GET_SREGS_, &registers), "KVM_GET_SREGS")
    return registers
  }

  /// Sets the segments, descriptor tables and control registers. The vCPU is not in KVM_RUN.
  ///
  /// - Throws: ``KVMError``, EINVAL where they contradict each other, as long mode without paging does.
  public func setSpecialRegisters(_ registers: kvm_sregs) throws(KVMError) {
    var registers = registers
    _ = try unsafe check(ckvm_call_with(number, KVM_SET_SREGS_, &registers), "KVM_SET_SREGS")
  }

  /// The guest physical address behind a linear one, nil where the guest has mapped nothing.
  public func physicalAddress(ofLinear address: UInt64) -> UInt64? {
    var translation = kvm_translation()
    translation.linear_address = address
    guard unsafe ckvm_call_with(number, KVM_TRANSLATE_, &translation) == 0, translation.valid != 0 else {
      return nil
    }
    return translation.physical_address
  }

  /// Injects an external interrupt, where there is no in-kernel interrupt controller and
  /// `ready_for_interrupt_injection` says that the vCPU can take one.
  public func inject(vector: UInt8) throws(KVMError) {
    var interrupt = kvm_interrupt(irq: UInt32(vector))
    _ = try unsafe check(ckvm_call_with(number, KVM_INTERRUPT_, &interrupt), "KVM_INTERRUPT")
  }

  /// Frequency of the guest's time-stamp counter in kHz, nil where KVM cannot tell.
  public var timestampFrequency: Int? {
    let result = ckvm_call(number, KVM_GET_TSC_KHZ_, 0)
    return result > 0 ? result : nil
  }

  /// Makes every instruction of the guest exit with KVM_EXIT_DEBUG, or no longer.
  public func setSingleStep(_ on: Bool) throws(KVMError) {
    var debug = kvm_guest_debug()
    debug.control = on ? UInt32(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP) : 0
    _ = try unsafe check(ckvm_call_with(number, KVM_SET_GUEST_DEBUG_, &debug), "KVM_SET_GUEST_DEBUG")
  }
}
