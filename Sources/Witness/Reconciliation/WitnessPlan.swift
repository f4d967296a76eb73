import HostFacts
import VMM

/// Which events of the tracepoints belong to whom on one machine.
public struct WitnessPlan: Sendable {
  /// A device, in user space or in the kernel, and the addresses that it answers at.
  public struct Place: Sendable {
    public let name: String
    public var ranges: [Window.Space: [ClosedRange<UInt64>]] = [:]
    /// The spaces in which it may answer elsewhere, or not at all.
    public var movable: Set<Window.Space> = []

    public init(name: String, ranges: [Window.Space: [ClosedRange<UInt64>]]) {
      self.name = name
      self.ranges = ranges
    }

    public init(_ device: Device) {
      name = device.name
      for window in device.windows {
        ranges[window.space, default: []].append(window.base...(window.base + (window.count - 1)))
        if window.isMovable { movable.insert(window.space) }
      }
    }
  }

  public let host: HostKind
  /// In the order of the report.
  public let devices: [Place]
  /// The devices that KVM itself models.
  public let kernelDevices: [Place]
  /// The interrupt lines that devices drive, by number.
  public let interruptLines: [Int]
  /// Devices may interrupt by messages.
  public let hasMessages: Bool

  /// - Parameters:
  ///   - host: tells which tracepoints fire, and what their reasons mean.
  ///   - devices: those in user space, in the order of the report.
  ///   - hasKernelInterruptControllers: KVM models PIC, IOAPIC, LAPIC and PIT, and answers at their addresses.
  ///   - interruptLines: of the devices, by number; without KVM's controllers none of them comes to KVM.
  ///   - hasMessages: devices may interrupt by messages.
  public init(
    host: HostKind, devices: [Place], hasKernelInterruptControllers: Bool, interruptLines: [Int],
    hasMessages: Bool
  ) {
    self.host = host
    self.devices = devices
    kernelDevices =
      hasKernelInterruptControllers ? KernelDevice.all.map { Place(name: $0.name, ranges: $0.ranges) } : []
    self.hasMessages = hasMessages
    self.interruptLines = hasKernelInterruptControllers ? interruptLines : []
  }

  // MARK: Selections

  /// A read that KVM cannot answer fires as type 0 (unsatisfied), and as type 1 (read) once user space has answered. A
  /// write fires once, as type 2 (arch/x86/kvm/trace.h).
  static let userMemory = "type == 0 || type == 2"
  static let kernelMemory = "type == 1 || type == 2"
  /// KVM traces such an access once and takes it to user space in pieces of eight bytes.
  static let wideMemory = TracepointSelection("kvm_mmio", "(\(userMemory)) && len > 8")
  static let allMSRs = TracepointSelection("kvm_msr")
  static let cpuid = TracepointSelection("kvm_cpuid")
  static let hypercalls = TracepointSelection("kvm_hypercall")
  static let injections = TracepointSelection("kvm_inj_virq")
  static let userExits = TracepointSelection("kvm_userspace_exit", "errno == 0")
  static let pageFaults = TracepointSelection("kvm_page_fault")
  static let haltPolling = TracepointSelection("kvm_halt_poll_ns")

  static func userExits(_ reason: ExitReason) -> TracepointSelection {
    TracepointSelection("kvm_userspace_exit", "errno == 0 && reason == \(reason.number)")
  }

  /// KVM fires the event when it decodes an instruction, and once more if it then gives up.
  static func emulated(failed: Bool) -> TracepointSelection {
    TracepointSelection("kvm_emulate_insn", "failed == \(failed ? 1 : 0)")
  }

  static func rises(ofLine number: Int) -> TracepointSelection {
    TracepointSelection("kvm_set_irq", "gsi == \(number) && level == 1")
  }

  /// Fires when KVM looks at where a message goes, on the thread that signalled the eventfd.
  static let messages = TracepointSelection("kvm_msi_set_irq")

  /// What counts the accesses to a place in user space. With ioeventfd, VT-x and SVM answer some without emulating the
  /// instruction: those fire kvm_fast_mmio alone.
  func selections(_ place: Place, _ space: Window.Space) -> [TracepointSelection] {
    guard let ranges = place.ranges[space] else { return [] }
    switch space {
    case .port: return [TracepointSelection("kvm_pio", "port", in: ranges)]
    case .memory:
      return [
        TracepointSelection("kvm_mmio", "gpa", in: ranges, where: Self.userMemory),
        TracepointSelection("kvm_fast_mmio", "gpa", in: ranges),
      ]
    case .msr: return []
    }
  }

  /// What counts the accesses to a device of KVM's own.
  func kernelSelections(_ place: Place, _ space: Window.Space) -> [TracepointSelection] {
    guard let ranges = place.ranges[space] else { return [] }
    switch space {
    case .port: return [TracepointSelection("kvm_pio", "port", in: ranges)]
    case .memory: return [TracepointSelection("kvm_mmio", "gpa", in: ranges, where: Self.kernelMemory)]
    case .msr: return [TracepointSelection("kvm_msr", "ecx", in: ranges)]
    }
  }

  /// What counts the accesses to addresses at which neither a device nor KVM answers.
  func unclaimed(_ space: Window.Space) -> [TracepointSelection] {
    let claimed = (devices + kernelDevices).flatMap { $0.ranges[space] ?? [] }
    switch space {
    case .port: return [TracepointSelection("kvm_pio", "port", notIn: claimed)]
    case .memory: return [TracepointSelection("kvm_mmio", "gpa", notIn: claimed, where: Self.userMemory)]
    case .msr: return []
    }
  }

  /// The reasons whose exits are told apart.
  static let reasons: [ExitReason] = [
    .io, .mmio, .rdmsr, .wrmsr, .hlt, .irqWindowOpen, .shutdown, .internalError, .failEntry, .systemEvent,
    .hypercall, .debug,
  ]

  /// Everything that is to be counted.
  public var selections: [TracepointSelection] {
    var all = [
      Self.userExits, Self.wideMemory, Self.allMSRs, Self.cpuid, Self.hypercalls, Self.injections,
      Self.emulated(failed: false), Self.emulated(failed: true), Self.pageFaults, Self.haltPolling,
    ]
    all += Self.reasons.map { Self.userExits($0) }
    all += interruptLines.map { Self.rises(ofLine: $0) }
    if hasMessages { all.append(Self.messages) }
    all += HardwareExit.allCases.compactMap { $0.selection(on: host) }
    for space in [Window.Space.port, .memory, .msr] {
      all += devices.flatMap { selections($0, space) } + unclaimed(space)
      all += kernelDevices.flatMap { kernelSelections($0, space) }
    }
    return all
  }
}
