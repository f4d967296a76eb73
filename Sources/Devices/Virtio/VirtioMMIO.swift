import KVM
import VMM

/// A virtio device on the memory bus: virtio-mmio version 2 (virtio 1.2, section 4.2).
///
/// Only registers and the interrupt are here; what they mean to a device is ``VirtioDevice``'s. A kick costs one
/// exit (QueueNotify), or none that comes to user space where KVM wakes the thread that serves the queues; an interrupt two
/// (InterruptStatus, InterruptACK).
public final class VirtioMMIO: VirtioTransport, @unchecked Sendable {
  /// Length of the window in bytes.
  public static let windowCount: UInt64 = 0x1000

  private let interrupt: InterruptLine
  private var deviceFeaturesSel: UInt32 = 0
  private var driverFeaturesSel: UInt32 = 0
  private var queueSel: UInt32 = 0
  private var interruptStatus: UInt32 = 0

  /// - Parameters:
  ///   - device: what the registers control; it belongs to this transport from now on.
  ///   - base: guest physical address of the registers.
  ///   - interrupt: the device's own line.
  ///   - service: who serves the queues.
  ///   - ioeventfd: a thread that serves them is woken by the kernel; else by the exit of the vCPU that notifies.
  /// - Throws: ``KVMError`` where the system has no eventfd to give.
  public init(
    device: VirtioDevice, base: GuestAddress, interrupt: InterruptLine, service: QueueService = .vcpu,
    ioeventfd: Bool = true
  ) throws(KVMError) {
    self.interrupt = interrupt
    let doorbells = try Self.doorbells(for: device, service, ioeventfd: ioeventfd) { index throws(KVMError) in
      try Doorbell(at: Int(MMIORegister.queueNotify.rawValue), size: 4, value: UInt64(index))
    }
    try super.init(
      name: device.name, device: device, service: service, doorbells: doorbells,
      windows: [
        Window(
          .memory, base: base, count: Self.windowCount,
          registers: MMIORegister.map(configFields: device.configFields), doorbells: doorbells)
      ])
  }

  public override var interrupts: UInt64 { interrupt.raised }

  public override func read(_ access: Access) -> UInt64 {
    if access.offset >= MMIORegister.config { return readConfig(access, at: MMIORegister.config) }
    guard let register = register(access) else { return 0 }
    return UInt64(read(register))
  }

  public override func write(_ access: Access, _ value: UInt64) {
    guard access.offset < MMIORegister.config else {
      return fault("write of the configuration space at \(hex(access.offset)), which is read-only")
    }
    guard let register = register(access) else { return }
    write(register, UInt32(truncatingIfNeeded: value))
    settle()
  }

  /// The control registers take aligned accesses of 32 bits and no others (section 4.2.2.2).
  private func register(_ access: Access) -> MMIORegister? {
    guard access.size == 4, let register = MMIORegister(rawValue: access.offset) else {
      fault("access of \(access.size) bytes at \(hex(access.offset)), where no register is")
      return nil
    }
    return register
  }

  private func read(_ register: MMIORegister) -> UInt32 {
    switch register {
    case .magicValue: 0x7472_6976
    case .version: 2
    case .deviceID: device.type
    case .vendorID: 0x4d4d_5653
    case .deviceFeatures: device.features.word(deviceFeaturesSel)
    case .queueNumMax: device.queue(queueSel).map { UInt32($0.maximumSize) } ?? 0
    case .queueReady: device.queue(queueSel)?.isReady == true ? 1 : 0
    case .interruptStatus: interruptStatus
    case .status: UInt32(device.status.rawValue)
    // There is no shared memory, which is said with a length and a base of all ones.
    case .shmLenLow, .shmLenHigh, .shmBaseLow, .shmBaseHigh: ~0
    case .configGeneration: UInt32(device.configGeneration)
    // VIRTIO_F_RING_RESET is not offered.
    case .queueReset: 0
    case .deviceFeaturesSel, .driverFeatures, .driverFeaturesSel, .queueSel, .queueNum, .queueNotify,
      .interruptACK, .queueDescLow, .queueDescHigh, .queueDriverLow, .queueDriverHigh, .queueDeviceLow,
      .queueDeviceHigh, .shmSel:
      refuse("read", register)
    }
  }

  private func write(_ register: MMIORegister, _ value: UInt32) {
    switch register {
    case .queueNotify: driverNotifies(value)
    case .interruptACK:
      interruptStatus &= ~value
      interrupt.set(interruptStatus != 0)
    case .status:
      device.writeStatus(value)
      if value == 0 { reset() }
    case .deviceFeaturesSel: deviceFeaturesSel = value
    case .driverFeaturesSel: driverFeaturesSel = value
    case .driverFeatures: device.writeDriverFeatures(value, word: driverFeaturesSel)
    case .queueSel: queueSel = value
    case .queueNum: device.configureQueue(queueSel) { $0.size = value }
    case .queueDescLow: device.configureQueue(queueSel) { $0.descriptorArea.low = value }
    case .queueDescHigh: device.configureQueue(queueSel) { $0.descriptorArea.high = value }
    case .queueDriverLow: device.configureQueue(queueSel) { $0.driverArea.low = value }
    case .queueDriverHigh: device.configureQueue(queueSel) { $0.driverArea.high = value }
    case .queueDeviceLow: device.configureQueue(queueSel) { $0.deviceArea.low = value }
    case .queueDeviceHigh: device.configureQueue(queueSel) { $0.deviceArea.high = value }
    case .queueReady: device.writeQueueReady(queueSel, value)
    case .shmSel: break
    case .magicValue, .version, .deviceID, .vendorID, .deviceFeatures, .queueNumMax, .interruptStatus,
      .shmLenLow, .shmLenHigh, .shmBaseLow, .shmBaseHigh, .queueReset, .configGeneration:
      _ = refuse("write", register)
    }
  }

  private func refuse(_ verb: String, _ register: MMIORegister) -> UInt32 {
    fault("\(verb) of \(register.name), which does not allow it")
    return 0
  }

  private func reset() {
    deviceFeaturesSel = 0
    driverFeaturesSel = 0
    queueSel = 0
    interruptStatus = 0
    interrupt.set(false)
  }

  /// One line for both kinds of notification, high while a bit of InterruptStatus is set (section 4.2.3.4).
  public override func deliver(_ notifications: Notifications) {
    if notifications.queues != 0 { interruptStatus |= 1 }
    if notifications.configuration { interruptStatus |= 2 }
    interrupt.set(interruptStatus != 0)
  }
}
