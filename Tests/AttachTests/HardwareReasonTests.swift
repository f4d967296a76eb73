import Testing

@testable import Attach

struct HardwareReasonTests {
  @Test(
    arguments: [
      (30, 1, "I/O instruction"), (48, 1, "EPT violation"),
      (0x8000_0021, 1, "invalid guest state (failed entry)"),
      (0x4000_0030, 1, "EPT violation"), (35, 1, "VMX reason 35"), (0x7b, 2, "VMEXIT_IOIO"),
      (0x400, 2, "VMEXIT_NPF"),
      (0x18, 2, "VMEXIT_CR8_WRITE"), (0x4e, 2, "VMEXIT_EXCP14"), (0x27, 2, "VMEXIT_DR7_READ"),
      (0xffff_ffff, 2, "VMEXIT_INVALID"), (0x7fff, 2, "SVM reason 32767"),
      (1, 3, "reason 1 of instruction set 3"),
    ] as [(UInt32, UInt32, String)])
  func `reasons have the names of the manuals`(number: UInt32, isa: UInt32, name: String) {
    #expect(HardwareReason(number: number, isa: isa).name == name)
  }

  @Test(
    arguments: [
      (2, 0, "io"), (6, 0, "mmio"), (29, 0, "rdmsr"), (27, 0, "hyperv"), (99, 0, "exit_99"), (2, -4, "intr"),
      (0, -14, "errno_14"),
    ] as [(UInt32, Int32, String)])
  func `a KVM_RUN that failed has no reason but its errno`(number: UInt32, errno: Int32, name: String) {
    #expect(UserSpaceReason(number: number, errno: errno).name == name)
  }
}
