import KVM
import PCI
import VMM

/// A virtio device on the PCI bus: the modern transport (virtio 1.2, section 4.1).
///
/// A kick costs one exit (queue_notify), or none that comes to user space where KVM wakes the thread that serves the queues;
/// an interrupt one (isr) or, with MSI-X, none.
public final class VirtioPCI: VirtioTransport, PCIDevice, @unchecked Sendable {
  /// Length in bytes of the window of registers. That of MSI-X, where there is one, is ``MSIXTable/windowCount``.
  public static let windowCount = PCIStructure.windowCount

  public let function: PCIFunction
  private var deviceFeatureSelect: UInt32 = 0
  private var driverFeatureSelect: UInt32 = 0
  private var queueSelect: UInt16 = 0
  private var configVector = noVector
  private var queueVectors: [UInt16]
  private var isr: UInt8 = 0

  /// VIRTIO_MSI_NO_VECTOR
  private static let noVector: UInt16 = 0xffff

  /// - Parameters:
  ///   - device: what the registers control; it belongs to this transport from now on.
  ///   - base: guest physical address of the registers, a multiple of ``windowCount``.
  ///   - messageBase: that of the MSI-X window, a multiple of its length.
  ///   - interrupt: the wire of INTA#.
  ///   - interruptLine: what configuration space tells the guest of the wire.
  ///   - messages: one for each queue and one for changes of the configuration; none where there is no MSI-X.
  ///   - service: who serves the queues.
  ///   - ioeventfd: a thread that serves them is woken by the kernel; else by the exit of the vCPU that notifies.
  /// - Throws: ``KVMError`` where the system has no eventfd to give.
  public init(
    device: VirtioDevice, base: GuestAddress, messageBase: GuestAddress, interrupt: InterruptLine,
    interruptLine: UInt8, messages: [MessageInterrupt], service: QueueService = .vcpu,
    ioeventfd: Bool = true
  ) throws(KVMError) {
    // Of any width, for the address alone says which queue is meant.
    let doorbells = try Self.doorbells(for: device, service, ioeventfd: ioeventfd) { index throws(KVMError) in
      try Doorbell(at: PCIStructure.notify.offset + PCIStructure.notifyMultiplier * index)
    }
    queueVectors = Array(repeating: Self.noVector, count: device.queues.count)
    let name = "\(device.name)-pci"
    var windows = [
      Window(
        .memory, base: base, count: Self.windowCount,
        registers: PCIStructure.map(queues: device.queues.count, configFields: device.configFields),
        doorbells: doorbells, isMovable: true)
    ]
    if !messages.isEmpty {
      windows.append(
        Window(
          .memory, base: messageBase, count: MSIXTable.windowCount, registers: MSIXTable.registers,
          isMovable: true))
    }
    var bars = [PCIBaseAddress(0, window: 0, of: windows, is64Bit: true)]
    if !messages.isEmpty { bars.append(PCIBaseAddress(2, window: 1, of: windows)) }
    // Section 4.1.2: the device ID is 0x1040 and the type; a modern device has revision 1 or above.
    function = PCIFunction(
      name: name, vendor: 0x1af4, device: UInt16(0x1040 + device.type), revision: 1,
      classCode: device.type == 1 ? 0x02_00_00 : 0xff_00_00,
      subsystem: (0x1af4, UInt16(0x1040 + device.type)),
      bars: bars, capabilities: Self.capabilities(of: device), interrupt: interrupt,
      interruptLine: interruptLine, msix: messages.isEmpty ? nil : MSIXTable(messages, bar: 2))
    try super.init(name: name, device: device, service: service, doorbells: doorbells, windows: windows)
    function.msix?.onFault = { [unowned self] in fault($0) }
  }

  public override var interrupts: UInt64 { function.interrupts }

  public override var reachesMemory: Bool { function.isBusMaster }

  public func busMasteringBegan() {
    resume()
  }

  // MARK: Windows

  public override func read(_ access: Access) -> UInt64 {
    if access.window == 1, let msix = function.msix { return msix.read(access) }
    switch PCIStructure.at(Int(access.offset)) {
    case .common: return readCommon(access)
    case .isr: return readISR(access)
    case .device: return readConfig(access, at: PCIStructure.device.offset)
    case .notify: return 0
    }
  }

  public override func write(_ access: Access, _ value: UInt64) {
    if access.window == 1, let msix = function.msix { return msix.write(access, value) }
    switch PCIStructure.at(Int(access.offset)) {
    case .common: writeCommon(access, value)
    case .isr: fault("write of isr, which does not allow it")
    case .device:
      fault("write of the configuration space at \(hex(access.offset)), which is read-only")
    case .notify: writeNotify(access)
    }
    settle()
  }

  // MARK: Common configuration

  /// Each field takes accesses of its own width, those of 64 bits two of 32 (section 4.1.3.1).
  private func register(_ access: Access) -> PCIRegister? {
    guard let register = PCIRegister(rawValue: Int(access.offset)), register.size == Int(access.size) else {
      fault("access of \(access.size) bytes at \(hex(access.offset)), where no register is")
      return nil
    }
    return register
  }

  /// The halves of an access to a whole 64-bit field, which the driver must not make (section 4.1.3.1) and some small ones
  /// do: one store is one exit less.
  private func halves(of access: Access) -> (low: Access, high: Access)? {
    guard access.size == 8, PCIRegister(rawValue: Int(access.offset))?.isLow == true else { return nil }
    let (window, offset) = (Int(access.window), Int(access.offset))
    return (
      Access(window: window, offset: offset, size: 4), Access(window: window, offset: offset + 4, size: 4)
    )
  }

  private func readCommon(_ access: Access) -> UInt64 {
    if let (low, high) = halves(of: access) { return readCommon(low) | readCommon(high) << 32 }
    guard let register = register(access) else { return 0 }
    let queue = device.queue(UInt32(queueSelect))
    return switch register {
    case .deviceFeatureSelect: UInt64(deviceFeatureSelect)
    case .deviceFeature: UInt64(device.features.word(deviceFeatureSelect))
    case .driverFeatureSelect: UInt64(driverFeatureSelect)
    case .driverFeature: UInt64(device.driverFeatures.word(driverFeatureSelect))
    case .configMSIXVector: UInt64(configVector)
    case .numQueues: UInt64(device.queues.count)
    case .deviceStatus: UInt64(device.status.rawValue)
    case .configGeneration: UInt64(device.configGeneration)
    case .queueSelect: UInt64(queueSelect)
    // 0 where there is no such queue; else the most that there can be, until the driver chooses less.
    case .queueSize: queue.map { UInt64($0.setup.size == 0 ? UInt32($0.maximumSize) : $0.setup.size) } ?? 0
    case .queueMSIXVector: UInt64(queue == nil ? Self.noVector : queueVectors[Int(queueSelect)])
    case .queueEnable: queue?.isReady == true ? 1 : 0
    case .queueNotifyOff: queue == nil ? 0 : UInt64(queueSelect)
    case .queueDescLow: UInt64(queue?.setup.descriptorArea.low ?? 0)
    case .queueDescHigh: UInt64(queue?.setup.descriptorArea.high ?? 0)
    case .queueDriverLow: UInt64(queue?.setup.driverArea.low ?? 0)
    case .queueDriverHigh: UInt64(queue?.setup.driverArea.high ?? 0)
    case .queueDeviceLow: UInt64(queue?.setup.deviceArea.low ?? 0)
    case .queueDeviceHigh: UInt64(queue?.setup.deviceArea.high ?? 0)
    }
  }

  private func writeCommon(_ access: Access, _ value: UInt64) {
    if let (low, high) = halves(of: access) {
      writeCommon(low, value & 0xffff_ffff)
      return writeCommon(high, value >> 32)
    }
    guard let register = register(access) else { return }
    let word = UInt32(truncatingIfNeeded: value)
    let half = UInt16(truncatingIfNeeded: value)
    let queue = UInt32(queueSelect)
    switch register {
    case .deviceFeatureSelect: deviceFeatureSelect = word
    case .driverFeatureSelect: driverFeatureSelect = word
    case .driverFeature: device.writeDriverFeatures(word, word: driverFeatureSelect)
    case .configMSIXVector: configVector = vector(half)
    case .deviceStatus:
      device.writeStatus(word)
      if word == 0 { reset() }
    case .queueSelect: queueSelect = half
    case .queueSize: configureQueue { $0.size = word }
    case .queueMSIXVector:
      if queueVectors.indices.contains(Int(queue)) { queueVectors[Int(queue)] = vector(half) }
    case .queueEnable: enableQueue(queue, word)
    case .queueDescLow: configureQueue { $0.descriptorArea.low = word }
    case .queueDescHigh: configureQueue { $0.descriptorArea.high = word }
    case .queueDriverLow: configureQueue { $0.driverArea.low = word }
    case .queueDriverHigh: configureQueue { $0.driverArea.high = word }
    case .queueDeviceLow: configureQueue { $0.deviceArea.low = word }
    case .queueDeviceHigh: configureQueue { $0.deviceArea.high = word }
    case .deviceFeature, .numQueues, .configGeneration, .queueNotifyOff:
      fault("write of \(register.name), which does not allow it")
    }
  }

  /// The driver need not write a size that suits it as it is, so the one it reads is the one it has.
  private func configureQueue(_ change: (inout QueueSetup) -> Void) {
    device.configureQueue(UInt32(queueSelect)) { change(&$0) }
  }

  private func enableQueue(_ index: UInt32, _ value: UInt32) {
    // Section 4.1.4.3.2: a driver does not write 0.
    guard value == 1 else { return fault("queue_enable \(value) written to queue \(index)") }
    if let queue = device.queue(index), queue.setup.size == 0 {
      device.configureQueue(index) { $0.size = UInt32(queue.maximumSize) }
    }
    device.writeQueueReady(index, 1)
  }

  /// A vector that is none reads back as NO_VECTOR, by which the driver learns of it (section 4.1.5.1.2.1).
  private func vector(_ wanted: UInt16) -> UInt16 {
    Int(wanted) < function.msix?.count ?? 0 ? wanted : Self.noVector
  }

  private func reset() {
    deviceFeatureSelect = 0
    driverFeatureSelect = 0
    queueSelect = 0
    configVector = Self.noVector
    for index in queueVectors.indices { queueVectors[index] = Self.noVector }
    isr = 0
    function.pin.set(false)
  }

  // MARK: Notifications

  /// What is written is the queue's index again; the address alone says which it is (section 4.1.5.2).
  private func writeNotify(_ access: Access) {
    let place = Int(access.offset) - PCIStructure.notify.offset
    let index = place / PCIStructure.notifyMultiplier
    guard place % PCIStructure.notifyMultiplier == 0, index < device.queues.count else {
      return fault("queue_notify at \(hex(access.offset)), where no queue is")
    }
    driverNotifies(UInt32(index))
  }

  /// Reading lowers the line (section 4.1.4.5).
  private func readISR(_ access: Access) -> UInt64 {
    guard access.offset == UInt32(PCIStructure.isr.offset) else { return 0 }
    let value = isr
    isr = 0
    function.pin.set(false)
    return UInt64(value)
  }

  /// With MSI-X a message each, else one line for both kinds (section 4.1.5.1.2). A change of the configuration is in the
  /// ISR either way (section 4.1.4.5.1).
  public override func deliver(_ notifications: Notifications) {
    if notifications.configuration { isr |= 2 }
    if let msix = function.msix, msix.isEnabled {
      var queues = notifications.queues
      while queues != 0 {
        msix.signal(Int(queueVectors[queues.trailingZeroBitCount]))
        queues &= queues &- 1
      }
      if notifications.configuration { msix.signal(Int(configVector)) }
    } else {
      if notifications.queues != 0 { isr |= 1 }
      function.pin.set(isr != 0)
    }
  }
}
