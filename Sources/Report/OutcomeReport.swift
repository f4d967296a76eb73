import VMM

extension RunReport.OutcomeReport {
  /// The kinds of ends, with the exit status of each.
  public init(_ outcome: Outcome) {
    switch outcome {
    case .exited(let status): self.init(kind: "exited", status: Int32(status))
    case .reset: self.init(kind: "reset", status: ExitStatus.reset)
    case .halted: self.init(kind: "halted", status: 0, detail: "HLT with interrupts off")
    case .systemEvent(let type):
      // KVM_SYSTEM_EVENT_SHUTDOWN is 1; what follows it are crashes of the guest.
      self.init(
        kind: "system-event", status: type == 1 ? 0 : ExitStatus.crash, detail: "KVM_SYSTEM_EVENT \(type)")
    case .crashed(let crash):
      self.init(
        kind: "crashed", status: ExitStatus.crash, detail: crash.detail, crash: RunReport.CrashReport(crash))
    case .timeLimit: self.init(kind: "time-limit", status: ExitStatus.timeLimit)
    case .interrupted: self.init(kind: "interrupted", status: ExitStatus.interrupted)
    case .failed(let text): self.init(kind: "failed", status: ExitStatus.kvm, detail: text)
    }
  }
}

extension RunReport.CrashReport {
  init(_ crash: Crash) {
    vcpu = crash.vcpu
    reason = crash.reason.name
    detail = crash.detail
    registers = [:]
    for register in crash.registers { registers[register.name] = hex(register.value) }
    code = crash.code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}

/// The exit statuses of `swiftvmm boot` beside the guest's own 0–31.
public enum ExitStatus {
  /// The guest reset itself.
  public static let reset: Int32 = 32
  /// A triple fault, an internal error of KVM, a failed entry.
  public static let crash: Int32 = 33
  /// Bad arguments, or a bad image.
  public static let usage: Int32 = 35
  /// The time limit.
  public static let timeLimit: Int32 = 36
  /// KVM cannot be used, or a call to it failed.
  public static let kvm: Int32 = 38
  /// A signal or Ctrl-A x; as shells count SIGINT.
  public static let interrupted: Int32 = 130
}
