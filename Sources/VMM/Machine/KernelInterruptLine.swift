import KVM

/// A wire to the in-kernel interrupt controllers (KVM_IRQ_LINE).
final class KernelInterruptLine: InterruptLine, @unchecked Sendable {
  private let vm: VirtualMachine
  private let number: UInt32
  private let control: MachineControl

  init(_ vm: VirtualMachine, number: UInt32, control: MachineControl) {
    self.vm = vm
    self.number = number
    self.control = control
  }

  override func drive(_ asserted: Bool) {
    do throws(KVMError) {
      try vm.setInterrupt(number, asserted: asserted)
    } catch {
      control.stop(.failed(error.description))
    }
  }
}
