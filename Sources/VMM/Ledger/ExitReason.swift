import CKVM

/// Why KVM_RUN came back: the KVM_EXIT_ numbers, which the ledger shows by their short names.
public struct ExitReason: Hashable, Sendable {
  /// KVM_EXIT_ number.
  public let number: UInt32

  public init(_ number: UInt32) {
    self.number = number
  }

  init(_ number: Int32) {
    self.number = number.magnitude
  }

  public static let unknown = ExitReason(KVM_EXIT_UNKNOWN)
  public static let exception = ExitReason(KVM_EXIT_EXCEPTION)
  public static let io = ExitReason(KVM_EXIT_IO)
  public static let hypercall = ExitReason(KVM_EXIT_HYPERCALL)
  public static let debug = ExitReason(KVM_EXIT_DEBUG)
  public static let hlt = ExitReason(KVM_EXIT_HLT)
  public static let mmio = ExitReason(KVM_EXIT_MMIO)
  public static let irqWindowOpen = ExitReason(KVM_EXIT_IRQ_WINDOW_OPEN)
  public static let shutdown = ExitReason(KVM_EXIT_SHUTDOWN)
  public static let failEntry = ExitReason(KVM_EXIT_FAIL_ENTRY)
  public static let interrupted = ExitReason(KVM_EXIT_INTR)
  public static let setTPR = ExitReason(KVM_EXIT_SET_TPR)
  public static let internalError = ExitReason(KVM_EXIT_INTERNAL_ERROR)
  public static let systemEvent = ExitReason(KVM_EXIT_SYSTEM_EVENT)
  public static let ioapicEOI = ExitReason(KVM_EXIT_IOAPIC_EOI)
  public static let rdmsr = ExitReason(KVM_EXIT_X86_RDMSR)
  public static let wrmsr = ExitReason(KVM_EXIT_X86_WRMSR)

  private static let names: [ExitReason: String] = [
    unknown: "unknown", exception: "exception", io: "io", hypercall: "hypercall", debug: "debug", hlt: "hlt",
    mmio: "mmio", irqWindowOpen: "irq_window_open", shutdown: "shutdown", failEntry: "fail_entry",
    interrupted: "intr", setTPR: "set_tpr", internalError: "internal_error", systemEvent: "system_event",
    ioapicEOI: "ioapic_eoi", rdmsr: "rdmsr", wrmsr: "wrmsr",
    // Those of other VMMs.
    ExitReason(KVM_EXIT_TPR_ACCESS): "tpr_access", ExitReason(KVM_EXIT_NMI): "nmi",
    ExitReason(KVM_EXIT_HYPERV): "hyperv", ExitReason(KVM_EXIT_DIRTY_RING_FULL): "dirty_ring_full",
    ExitReason(KVM_EXIT_AP_RESET_HOLD): "ap_reset_hold", ExitReason(KVM_EXIT_X86_BUS_LOCK): "bus_lock",
    ExitReason(KVM_EXIT_XEN): "xen", ExitReason(KVM_EXIT_NOTIFY): "notify",
  ]

  /// The name in the ledger: KVM_EXIT_IO is `io`.
  public var name: String { Self.names[self] ?? "exit_\(number)" }

  /// The reasons that the ledger keeps a line each for; higher numbers share the last.
  static let lineCount = 64

  /// The line of the reason.
  @inlinable
  var line: Int { Int(min(number, 63)) }
}
