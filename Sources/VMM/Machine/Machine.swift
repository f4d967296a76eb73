import CLinux
import KVM
import Synchronization

/// A virtual machine with its memory, its devices and its vCPUs.
///
/// Made in this order: the machine; devices, which take its memory and interrupt lines; ``start(_:devices:prepare:)``
/// with the entry state that a loader gives; ``join()`` once ``control`` says stop.
public final class Machine: Sendable {
  /// As it was made with.
  public let configuration: MachineConfiguration
  /// Its RAM, for loaders and devices.
  public let memory: GuestMemory
  /// By which a device, a signal or a timer ends the run.
  public let control: MachineControl
  private let vm: VirtualMachine
  private let crew: Crew
  private let cpuid: CPUIDTable
  /// Moves the movable windows of the machine's devices, once it runs.
  public let placer: WindowPlacer
  private let placement: Placement
  private let routing: InterruptRouting?
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
    placement = Placement(vm, on: system)
    placer = placement
    let hasMessages =
      configuration.interruptControllers == .kernel && system.value(of: .irqFD) != 0
      && system.value(of: .irqRouting) != 0
    routing = hasMessages ? InterruptRouting(vm) : nil
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
    do throws(BusError) { bus = try Bus(devices, reserved: reserved) } catch { throw .bus(error) }
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
          ring = try placement.begin(bus, vcpu)
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

  /// What never comes to a device, because RAM or KVM itself answers.
  private var reserved: [Bus.Reserved] {
    let memory = memory.slots.map { slot in
      Bus.Reserved(
        space: .memory, range: slot.start...(slot.start + UInt64(slot.view.count - 1)), name: "RAM")
    }
    let pages = Bus.Reserved(
      space: .memory, range: Self.identityMap...(Self.taskState + 0x2fff), name: "KVM's pages")
    return memory + [pages] + (configuration.interruptControllers == .kernel ? KernelDevice.reserved : [])
  }

  /// The spaces in which accesses did not all go where the windows of the devices lay first, so that addresses alone do
  /// not tell whose they were: those of the devices with movable windows, and those of nobody.
  public var strays: Set<Window.Space> { placement.strays }

  /// Whether the machine takes interrupts that are messages.
  public var hasMessageInterrupts: Bool { routing != nil }

  /// A message to the LAPICs, which costs no exit of a vCPU (KVM_IRQFD, KVM_SET_GSI_ROUTING).
  ///
  /// - Throws: ``KVMError`` where the machine does not take them (``hasMessageInterrupts``), or the host has no more.
  public func messageInterrupt() throws(KVMError) -> MessageInterrupt {
    guard let routing else {
      throw KVMError(Capability.irqRouting.name, errno: 0, advice: "there are no LAPICs to send messages to")
    }
    return try routing.makeInterrupt()
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
