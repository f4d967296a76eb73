import CKVM

extension VirtualMachine {
  /// Turns a write of the guest's into a signal of an eventfd, without an exit to user space (KVM_IOEVENTFD).
  ///
  /// - Parameters:
  ///   - event: number of the eventfd; KVM keeps its own reference to it.
  ///   - address: port or guest physical address, as `isPort` says.
  ///   - length: of the write in bytes, 1, 2, 4 or 8; 0 for any (KVM_CAP_IOEVENTFD_ANY_LENGTH).
  ///   - value: what must be written, nil for anything.
  public func signal(
    _ event: Int32, onWriteAt address: UInt64, length: Int, value: UInt64?, isPort: Bool
  ) throws(KVMError) {
    var request = kvm_ioeventfd()
    request.fd = event
    request.addr = address
    request.len = UInt32(length)
    request.datamatch = value ?? 0
    request.flags =
      (isPort ? CKVM_IOEVENTFD_FLAG_PIO : 0) | (value != nil ? CKVM_IOEVENTFD_FLAG_DATAMATCH : 0)
    _ = try unsafe check(ckvm_call_with(descriptor.number, KVM_IOEVENTFD_, &request), "KVM_IOEVENTFD")
  }

  /// Lets signals of an eventfd interrupt the guest, as one pulse each of line `number` (KVM_IRQFD). Needs the
  /// in-kernel interrupt controllers.
  public func interrupt(_ number: UInt32, onSignalOf event: Int32) throws(KVMError) {
    var request = kvm_irqfd()
    request.fd = UInt32(event)
    request.gsi = number
    _ = try unsafe check(ckvm_call_with(descriptor.number, KVM_IRQFD_, &request), "KVM_IRQFD")
  }
}
