import CKVM

extension VirtualMachine {
  /// Turns a write of the guest's into a signal of an eventfd, without an exit to user space (KVM_IOEVENTFD).
  ///
  /// - Parameters:
  ///   - event: number of the eventfd; KVM keeps its own reference to it.
  ///   - address: port or guest physical address, as `isPort` says.
  ///   - length: of the write in bytes, 1, 2, 4 or 8; 0 for any (KVM_CAP_IOEVENTFD_ANY_LENGTH).
  ///   - value: what must be written, nil for anything.
  ///   - isOn: false to take back what was asked for with the same words.
  public func signal(
    _ event: Int32, onWriteAt address: UInt64, length: Int, value: UInt64?, isPort: Bool, isOn: Bool = true
  ) throws(KVMError) {
    var request = kvm_ioeventfd()
    request.fd = event
    request.addr = address
    request.len = UInt32(length)
    request.datamatch = value ?? 0
    request.flags =
      (isPort ? CKVM_IOEVENTFD_FLAG_PIO : 0) | (value != nil ? CKVM_IOEVENTFD_FLAG_DATAMATCH : 0)
      | (isOn ? 0 : CKVM_IOEVENTFD_FLAG_DEASSIGN)
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

  /// Chooses what each interrupt number leads to (KVM_SET_GSI_ROUTING): 0–23 as KVM_CREATE_IRQCHIP has it, to the 8259s and
  /// the IOAPIC, those of `messages` to the LAPICs, all others nowhere.
  ///
  /// - Parameter messages: number from ``firstMessageNumber`` on, address and data.
  public func routeInterrupts(_ messages: [(number: UInt32, address: UInt64, data: UInt32)]) throws(KVMError)
  {
    var entries: [kvm_irq_routing_entry] = []
    for number in 0..<Self.firstMessageNumber {
      entries.append(kvm_irq_routing_entry(gsi: number, chip: KVM_IRQCHIP_IOAPIC.magnitude, pin: number))
      guard number < 16 else { continue }
      let chip = number < 8 ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE
      entries.append(kvm_irq_routing_entry(gsi: number, chip: chip.magnitude, pin: number % 8))
    }
    for message in messages {
      var entry = kvm_irq_routing_entry()
      entry.gsi = message.number
      entry.type = KVM_IRQ_ROUTING_MSI.magnitude
      unsafe entry.u.msi.address_lo = UInt32(truncatingIfNeeded: message.address)
      unsafe entry.u.msi.address_hi = UInt32(truncatingIfNeeded: message.address >> 32)
      unsafe entry.u.msi.data = message.data
      entries.append(entry)
    }
    let header = MemoryLayout<kvm_irq_routing>.size
    let table = UnsafeMutableRawPointer.allocate(
      byteCount: header + entries.count * MemoryLayout<kvm_irq_routing_entry>.stride, alignment: 8)
    defer { unsafe table.deallocate() }
    let routing = unsafe table.initializeMemory(as: kvm_irq_routing.self, to: kvm_irq_routing())
    unsafe routing.pointee.nr = UInt32(entries.count)
    unsafe ckvm_routing_entries(routing)!.initialize(from: entries, count: entries.count)
    _ = try unsafe check(
      ckvm_call_with(descriptor.number, KVM_SET_GSI_ROUTING_, table), "KVM_SET_GSI_ROUTING")
  }

  /// The first interrupt number behind the pins of the IOAPIC.
  public static let firstMessageNumber: UInt32 = 24
}

extension kvm_irq_routing_entry {
  /// To a pin of an interrupt controller.
  fileprivate init(gsi: UInt32, chip: UInt32, pin: UInt32) {
    self.init()
    self.gsi = gsi
    type = KVM_IRQ_ROUTING_IRQCHIP.magnitude
    unsafe u.irqchip.irqchip = chip
    unsafe u.irqchip.pin = pin
  }
}
