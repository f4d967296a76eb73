import CKVM
import KVM

/// What is known of a vCPU that cannot go on.
public struct Crash: Equatable, Sendable {
  /// Which vCPU.
  public let vcpu: Int
  /// KVM_EXIT_SHUTDOWN, KVM_EXIT_INTERNAL_ERROR, KVM_EXIT_FAIL_ENTRY or another that has no answer.
  public let reason: ExitReason
  /// What KVM says beside the reason, in one line: suberror and data, the hardware's entry failure.
  public let detail: String
  /// The registers by name, in the order in which people read them.
  public let registers: [Register]
  /// The bytes at RIP, as far as they are in mapped RAM; empty where none are.
  public let code: [UInt8]

  /// A register and its value.
  public struct Register: Equatable, Sendable {
    public let name: String
    public let value: UInt64
  }

  /// The names of ``registers``, in their order.
  public static let registerNames = list(kvm_regs(), kvm_sregs()).map(\.name)

  /// How many code bytes are kept: the longest instruction is 15.
  static let codeLength = 16

  /// Reads what can be read of the vCPU, on the vCPU's thread.
  init(_ vcpu: VCPU, reason: ExitReason, memory: GuestMemory) {
    self.vcpu = vcpu.index
    self.reason = reason
    let described = Self.describe(vcpu, reason)
    guard let general = try? vcpu.registers(), let special = try? vcpu.specialRegisters() else {
      detail = described
      registers = []
      code = []
      return
    }
    let isReset = reason == .shutdown && Self.isReset(general, special)
    detail = described + (isReset ? Self.resetNote : "")
    registers = Self.list(general, special)
    code = Self.codeBytes(vcpu, at: special.cs.base &+ general.rip, memory)
  }

  public init(
    vcpu: Int, reason: ExitReason, detail: String, registers: [Register] = [], code: [UInt8] = []
  ) {
    self.vcpu = vcpu
    self.reason = reason
    self.detail = detail
    self.registers = registers
    self.code = code
  }

  private static func describe(_ vcpu: VCPU, _ reason: ExitReason) -> String {
    switch reason {
    case .shutdown: return "triple fault"
    case .internalError:
      let suberror = unsafe vcpu.run.pointee.internal.suberror
      let count = unsafe min(16, Int(vcpu.run.pointee.internal.ndata))
      let data = (0..<count).map { unsafe hex(ckvm_internal_data(vcpu.run)[$0]) }
      let name =
        switch suberror {
        case KVM_INTERNAL_ERROR_EMULATION.magnitude: "KVM could not emulate an instruction"
        case KVM_INTERNAL_ERROR_SIMUL_EX.magnitude: "exceptions while one was delivered"
        case KVM_INTERNAL_ERROR_DELIVERY_EV.magnitude: "an exit while an event was delivered"
        case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON.magnitude: "an exit that KVM does not know"
        default: "unknown"
        }
      return "KVM internal error, suberror \(suberror) (\(name)), data [\(data.joined(separator: " "))]"
    case .failEntry:
      let hardware = unsafe vcpu.run.pointee.fail_entry.hardware_entry_failure_reason
      return "the processor refused to enter the guest, hardware reason \(hex(hardware))"
    default: return "exit \(reason.name), which has no answer here"
    }
  }

  /// Behind the detail of a shutdown whose registers say nothing of the guest: kvm_amd resets the vCPU before it reports
  /// one, for a shutdown leaves the processor's own copy of them undefined (AMD APM volume 2, section 15.14.3).
  public static let resetNote = "; KVM has reset the vCPU since, so the registers are those of a reset"

  /// The state after INIT (Intel SDM volume 3, "Processor State After Reset"), in which no image is entered.
  private static func isReset(_ general: kvm_regs, _ special: kvm_sregs) -> Bool {
    general.rip == 0xfff0 && special.cs.selector == 0xf000 && special.cs.base == 0xffff_0000
      && special.cr0 & 1 == 0
  }

  private static func codeBytes(_ vcpu: VCPU, at linear: UInt64, _ memory: GuestMemory) -> [UInt8] {
    var bytes: [UInt8] = []
    for offset in 0..<UInt64(codeLength) {
      guard let physical = vcpu.physicalAddress(ofLinear: linear &+ offset),
        let view = memory.view(at: physical, count: 1)
      else { break }
      bytes.append(view.load(UInt8.self, at: 0))
    }
    return bytes
  }

  private static func list(_ general: kvm_regs, _ special: kvm_sregs) -> [Register] {
    let values: [(String, UInt64)] = [
      ("RIP", general.rip), ("RFLAGS", general.rflags), ("RSP", general.rsp), ("RBP", general.rbp),
      ("RAX", general.rax), ("RBX", general.rbx), ("RCX", general.rcx), ("RDX", general.rdx),
      ("RSI", general.rsi), ("RDI", general.rdi), ("R8", general.r8), ("R9", general.r9),
      ("R10", general.r10), ("R11", general.r11), ("R12", general.r12), ("R13", general.r13),
      ("R14", general.r14), ("R15", general.r15), ("CS", UInt64(special.cs.selector)),
      ("SS", UInt64(special.ss.selector)), ("DS", UInt64(special.ds.selector)), ("CR0", special.cr0),
      ("CR2", special.cr2), ("CR3", special.cr3), ("CR4", special.cr4), ("EFER", special.efer),
      ("GDTR", special.gdt.base), ("IDTR", special.idt.base),
    ]
    return values.map { Register(name: $0, value: $1) }
  }
}
