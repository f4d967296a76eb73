/// Why the hardware left guest mode, as kvm_exit has it.
struct HardwareReason: Hashable, Sendable {
  /// Of the VMCS or of the VMCB.
  let number: UInt32
  /// KVM_ISA_VMX is 1, KVM_ISA_SVM is 2.
  let isa: UInt32

  /// As Intel's or AMD's manual calls it; a number where it has no name, or where this program is older than the manual.
  var name: String {
    switch isa {
    case 1: vmxName
    case 2: svmName
    default: "reason \(number) of instruction set \(isa)"
    }
  }

  /// SDM volume 3, "Basic VM-Exit Information": the reason in bits 15:0, and bit 31 for a VM entry that failed.
  private var vmxName: String {
    let basic = number & 0xffff
    let name = Self.vmxNames[basic] ?? "VMX reason \(basic)"
    return number >> 31 == 1 ? name + " (failed entry)" : name
  }

  /// APM volume 2, appendix C, where rows of the table stand for sixteen registers or for the exceptions' vectors.
  private var svmName: String {
    switch number {
    case 0x00...0x0f: "VMEXIT_CR\(number)_READ"
    case 0x10...0x1f: "VMEXIT_CR\(number & 0xf)_WRITE"
    case 0x20...0x2f: "VMEXIT_DR\(number & 0xf)_READ"
    case 0x30...0x3f: "VMEXIT_DR\(number & 0xf)_WRITE"
    case 0x40...0x5f: "VMEXIT_EXCP\(number & 0x1f)"
    case 0x90...0x9f: "VMEXIT_CR\(number & 0xf)_WRITE_TRAP"
    default: Self.svmNames[number].map { "VMEXIT_" + $0 } ?? "SVM reason \(number)"
    }
  }

  /// SDM volume 3, appendix C, "VMX Basic Exit Reasons".
  private static let vmxNames: [UInt32: String] = [
    0: "exception or NMI", 1: "external interrupt", 2: "triple fault", 3: "INIT signal", 4: "SIPI",
    5: "I/O SMI", 6: "other SMI", 7: "interrupt window", 8: "NMI window", 9: "task switch", 10: "CPUID",
    11: "GETSEC", 12: "HLT", 13: "INVD", 14: "INVLPG", 15: "RDPMC", 16: "RDTSC", 17: "RSM", 18: "VMCALL",
    19: "VMCLEAR", 20: "VMLAUNCH", 21: "VMPTRLD", 22: "VMPTRST", 23: "VMREAD", 24: "VMRESUME", 25: "VMWRITE",
    26: "VMXOFF", 27: "VMXON", 28: "control-register access", 29: "MOV DR", 30: "I/O instruction",
    31: "RDMSR", 32: "WRMSR", 33: "invalid guest state", 34: "MSR loading", 36: "MWAIT",
    37: "monitor trap flag", 39: "MONITOR", 40: "PAUSE", 41: "machine check at entry",
    43: "TPR below threshold", 44: "APIC access", 45: "virtualized EOI", 46: "access to GDTR or IDTR",
    47: "access to LDTR or TR", 48: "EPT violation", 49: "EPT misconfiguration", 50: "INVEPT", 51: "RDTSCP",
    52: "VMX-preemption timer", 53: "INVVPID", 54: "WBINVD or WBNOINVD", 55: "XSETBV", 56: "APIC write",
    57: "RDRAND", 58: "INVPCID", 59: "VMFUNC", 60: "ENCLS", 61: "RDSEED", 62: "page-modification log full",
    63: "XSAVES", 64: "XRSTORS", 65: "PCONFIG", 66: "SPP-related event", 67: "UMWAIT", 68: "TPAUSE",
    69: "LOADIWKEY", 70: "ENCLV", 72: "ENQCMD PASID translation", 73: "ENQCMDS PASID translation",
    74: "bus lock", 75: "instruction timeout", 76: "SEAMCALL", 77: "TDCALL", 78: "RDMSRLIST",
    79: "WRMSRLIST",
  ]

  /// APM volume 2, appendix C, "SVM Intercept Exit Codes", without their common VMEXIT_.
  private static let svmNames: [UInt32: String] = [
    0x60: "INTR", 0x61: "NMI", 0x62: "SMI", 0x63: "INIT", 0x64: "VINTR", 0x65: "CR0_SEL_WRITE",
    0x66: "IDTR_READ", 0x67: "GDTR_READ", 0x68: "LDTR_READ", 0x69: "TR_READ", 0x6a: "IDTR_WRITE",
    0x6b: "GDTR_WRITE", 0x6c: "LDTR_WRITE", 0x6d: "TR_WRITE", 0x6e: "RDTSC", 0x6f: "RDPMC", 0x70: "PUSHF",
    0x71: "POPF", 0x72: "CPUID", 0x73: "RSM", 0x74: "IRET", 0x75: "SWINT", 0x76: "INVD", 0x77: "PAUSE",
    0x78: "HLT", 0x79: "INVLPG", 0x7a: "INVLPGA", 0x7b: "IOIO", 0x7c: "MSR", 0x7d: "TASK_SWITCH",
    0x7e: "FERR_FREEZE", 0x7f: "SHUTDOWN", 0x80: "VMRUN", 0x81: "VMMCALL", 0x82: "VMLOAD", 0x83: "VMSAVE",
    0x84: "STGI", 0x85: "CLGI", 0x86: "SKINIT", 0x87: "RDTSCP", 0x88: "ICEBP", 0x89: "WBINVD",
    0x8a: "MONITOR", 0x8b: "MWAIT", 0x8c: "MWAIT_CONDITIONAL", 0x8d: "XSETBV", 0x8e: "RDPRU",
    0x8f: "EFER_WRITE_TRAP", 0xa0: "INVLPGB", 0xa1: "INVLPGB_ILLEGAL", 0xa2: "INVPCID", 0xa3: "MCOMMIT",
    0xa4: "TLBSYNC", 0xa5: "BUSLOCK", 0xa6: "IDLE_HLT", 0x400: "NPF", 0x401: "AVIC_INCOMPLETE_IPI",
    0x402: "AVIC_NOACCEL", 0x403: "VMGEXIT", 0xffff_ffff: "INVALID",
  ]
}
