import Witness

extension SurveyCategory {
  private static let loads: (UInt64, String) = (1000, "CR3 loads")

  /// KVM's emulator runs the instruction on a PVM host, and there no other event than this is one a load.
  private static let controlRegister = SurveyCount(
    ledger: .window, witness: .hardware(.controlRegister),
    onPVM: .tracepoint("kvm_emulate_insn", "rip == \(SurveyTrial.instruction) && failed == 0"))

  static let controlRegisters: [SurveyCategory] = [
    SurveyCategory(
      "cr-shadow", "CR access without EPT", frequency: "high", elimination: "yes, EPT",
      [
        Case(
          provocation: .instruction("CR access without EPT", "cr3", loads, level: 0, count: controlRegister)
            .with {
              $0.needs = [.shadowPaging]
              $0.price = SurveyPrice(row: "cr3", level: 0)
            },
          remedies: [
            .instruction("EPT or NPT", "cr3", loads, level: 0, count: controlRegister)
              .with { $0.needs = [.nestedPaging] }
          ], guides: "EPT or NPT")
      ]),
    SurveyCategory(
      "cr-nested", "CR access with EPT", frequency: "low", elimination: "no",
      [
        Case(
          provocation: .instruction(
            "CR access with EPT", "cr4", (1000, "CR4 writes"), level: 0, count: controlRegister
          ).with { $0.needs = [.nestedPaging] },
          remedies: [])
      ]),
  ]
}
