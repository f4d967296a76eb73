import CLinux
import KVM
import Synchronization

/// A virtual machine with its memory, its devices and its vCPUs.
///
/// Made in this order: the machine; devices, which take its memory and interrupt lines; ``start(_:devices:prepare:)``
/// with the entry state that a loader gives; ``join()`` once ``control`` says stop.
public final class Machine: Sendable {
  public let configuration: MachineConfiguration
  public let memory: GuestMemory
  public let control: MachineControl
  private let vm: VirtualMachine
  private let crew: Crew
  private let cpuid: CPUIDTable
  /// What KVM says to KVM_CAP_COALESCED_MMIO: the ring's page, 0 without the capability.
  private let coalescedPage: Int
  private let coalescesPorts: Bool
  private let hasDoorbells: Bool
  private let interrupts: (any UserInterruptController)?
  /// The devices that were told to start.
  private let started = Mutex<[Device]>([])

  /// Where KVM's own pages lie: in the hole, below the firmware's place at its top.
  static let taskState: UInt64 = 0xfffb_d000
  static let identityMap: UInt64 = 0xfffb_c000

  /// What KVM must have for any machine of ours. In-kernel interrupt controllers need more.
  public static let required: [Capability] = [
    .userMemory, .setTSSAddress, .setIdentityMapAddress, .extendedCPUID, .immediateExit,
  ]

  /// - Parameters:
  ///   - interrupts: the user-space interrupt controller, for `interruptControllers: .none`.
  ///   - onStop: called once when the run ends, by whichever thread ends it.
  public init(
    _ configuration: MachineConfiguration, on system: borrowing System,
    interrupts: (any UserInterruptController)? = nil, onStop: @escaping @Sendable () -> Void = {}
  ) throws(MachineError) {
    try Self.check(configuration, system)
    let crew = Crew()
    self.crew = crew
    // Weak, for the crew's threads hold the control.
    control = MachineControl { [weak crew] in
      crew?.kickAll()
      onStop()
    }
    self.configuration = configuration
    let memory: GuestMemory
    do throws(GuestMemoryError) {
      memory = try GuestMemory(size: configuration.memory, pages: configuration.pages)
    } catch { throw .memory(error) }
    self.memory = memory
    do throws(KVMError) {
      try system.require(Self.required)
      vm = try Self.makeVM(configuration, system, memory)
      var table = try system.supportedCPUID()
      for change in configuration.cpuid {
        table.set(
          leaf: change.leaf, subleaf: change.subleaf, change.register, to: change.value, mask: change.mask)
      }
      cpuid = table
    } catch { throw .kvm(error) }
    coalescedPage = system.value(of: .coalescedMMIO)
    coalescesPorts = system.value(of: .coalescedPIO) != 0
    hasDoorbells = system.value(of: .ioEventFD) != 0
    self.interrupts = interrupts
  }

  private static func makeVM(
    _ configuration: MachineConfiguration, _ system: borrowing System, _ memory: GuestMemory
  ) throws(KVMError) -> VirtualMachine {
    let vm = try system.makeVirtualMachine()
    try vm.reservePages(taskState: taskState, identityMap: identityMap)
    for (index, slot) in memory.slots.enumerated() {
      try unsafe slot.view.withUnsafeBytes { bytes throws(KVMError) in
        try unsafe vm.setMemory(slot: index, at: slot.start, host: bytes.baseAddress!, count: bytes.count)
      }
    }
    if configuration.interruptControllers == .kernel {
      try system.require([.irqchip, .pit2])
      try vm.makeInterruptControllers()
    }
    try vm.configureExits(configuration, on: system)
    return vm
  }

  private static func check(
    _ configuration: MachineConfiguration, _ system: borrowing System
  ) throws(MachineError) {
    let most = max(1, system.value(of: .maximumVCPUs))
    guard (1...most).contains(configuration.cpus) else {
      throw .configuration("\(configuration.cpus) CPUs: this host's KVM takes 1 to \(most)")
    }
    guard configuration.interruptControllers == .kernel || configuration.cpus == 1 else {
      throw .configuration(
        "without the in-kernel interrupt controllers there is one CPU, for no LAPIC wakes others")
    }
  }

  /// The wire to input `number` of the interrupt controllers: in the kernel pin `number` of PIC and IOAPIC.
  public func interruptLine(_ number: Int) -> InterruptLine {
    interrupts?.line(number) ?? KernelInterruptLine(vm, number: UInt32(number), control: control)
  }

  /// Starts the vCPUs: the first enters as `entry` says, the others wait for INIT and SIPI.
  ///
  /// - Parameter prepare: given each vCPU before any of them runs.
  public func start(
    _ entry: EntryState, devices: [Device],
    prepare: (VCPU) throws(KVMError) -> Void = { _ throws(KVMError) in }
  ) throws(MachineError) {
    let bus: Bus
    do throws(BusError) { bus = try Bus(devices) } catch { throw .bus(error) }
    var ring: CoalescedRing?
    let hasLocalAPIC = configuration.interruptControllers == .kernel
    for index in 0..<configuration.cpus {
      let ledger: Ledger
      do throws(GuestMemoryError) { ledger = try Ledger(layout: bus.layout) } catch { throw .memory(error) }
      let vcpu: VCPU
      do throws(KVMError) {
        vcpu = try vm.makeVCPU(index)
        try vcpu.setCPUID(
          cpuid.forCPU(index, of: configuration.cpus, hasLocalAPIC: hasLocalAPIC))
        if index == 0 {
          try vcpu.enter(entry, hasLocalAPIC: hasLocalAPIC)
          ring = try coalesce(devices, vcpu)
          try connectDoorbells(of: devices)
        }
        try prepare(vcpu)
      } catch { throw .kvm(error) }
      crew.add(
        try VCPUThread(
          vcpu: vcpu, bus: bus, ledger: ledger, control: control, memory: memory, ring: ring,
          interrupts: interrupts, name: configuration.threadName))
    }
    interrupts?.onInterruptRequest { [weak crew] in crew?.interruptArrived() }
    started.withLock { $0 = devices }
    do throws(KVMError) {
      for device in devices { try device.start() }
      try crew.start()
    } catch {
      control.stop(.failed(error.description))
      throw .kvm(error)
    }
  }

  /// Registers the windows whose writes may wait in KVM's ring; the ring, if there is any.
  private func coalesce(_ devices: [Device], _ vcpu: VCPU) throws(KVMError) -> CoalescedRing? {
    var zones = 0
    guard coalescedPage > 0 else { return nil }
    for window in devices.flatMap(\.windows) {
      guard let range = window.coalesced, window.space != .port || coalescesPorts else { continue }
      try vm.coalesceWrites(
        at: window.base + UInt64(range.lowerBound), count: UInt32(range.count), isPort: window.space == .port)
      zones += 1
    }
    return zones > 0 ? CoalescedRing(vcpu, page: coalescedPage) : nil
  }

  /// Hands the registers that ring an eventfd to KVM.
  private func connectDoorbells(of devices: [Device]) throws(KVMError) {
    guard hasDoorbells else { return }
    for window in devices.flatMap(\.windows) {
      for bell in window.doorbells {
        try vm.signal(
          bell.number, onWriteAt: window.base + UInt64(bell.offset), length: bell.size, value: bell.value,
          isPort: window.space == .port)
      }
    }
  }

  /// A wire to input `number` of the in-kernel interrupt controllers, which any thread may pulse without a call to KVM.
  public func interruptEvent(_ number: Int) throws(KVMError) -> InterruptEvent {
    let event = try InterruptEvent()
    try vm.interrupt(UInt32(number), onSignalOf: event.number)
    return event
  }

  /// Waits until all vCPUs have left their loops, and stops the devices. ``control`` must have been told to stop.
  public func join() {
    crew.join()
    for device in started.withLock({ $0 }) { device.stop() }
  }

  /// The ledgers of the vCPUs, by index; they may still be running.
  public var ledgers: [Ledger] { crew.ledgers }

  /// The vCPUs, by index; none before ``start(_:devices:prepare:)``.
  public var vcpus: [VCPU] { crew.vcpus }

  /// KVM's counters of the machine as a whole.
  public func statistics() throws(KVMError) -> Statistics { try vm.statistics() }

  /// Frequency of the time-stamp counter in kHz, nil where KVM cannot tell.
  public var timestampFrequency: Int? { vcpus.first?.timestampFrequency }
}
