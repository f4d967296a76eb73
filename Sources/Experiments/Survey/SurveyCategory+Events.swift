import HostFacts
import VMM
import Witness

extension SurveyCategory {
  private static let number: UInt64 = 1000
  /// Where the two threads share a processor, each interrupt takes a time slice.
  private static let interrupts: UInt64 = 200

  /// Interrupts from another thread, into a guest that runs.
  private static func interrupts(_ name: String) -> SurveyTrial {
    .instruction(
      name, "wait", (interrupts, "interrupts"),
      count: SurveyCount(ledger: .window, witness: .statistic("irq_exits"))
    ).with {
      $0.needs = [.capability(.irqFD)]
      $0.place = nil
      $0.isInterrupted = true
      $0.expectation = .open("the host's own interrupts, as of its timer, end the guest's run too")
      $0.price = SurveyPrice(row: "kick-irqfd", level: 3)
    }
  }

  /// Frames through virtio-net. An interrupt ends with a write to the LAPIC's EOI register, as an MSR or in memory.
  private static func virtio(_ name: String, _ words: String...) -> SurveyTrial {
    SurveyTrial(
      name: name, events: (number, "frames"), image: "virtio-net-tx", words: ["packets=\(number)"] + words,
      count: SurveyCount(
        ledger: .apart("virtio-net"),
        witness: .tracepoints([
          TracepointSelection("kvm_msr", "ecx == 0x80b"),
          TracepointSelection("kvm_mmio", "gpa == 0xfee000b0"),
        ])))
  }

  private static let hypercalls = SurveyTrial.instruction(
    "hypercalls", "hypercall", (number, "hypercalls"),
    count: SurveyCount(ledger: .window, witness: .tracepoint("kvm_hypercall"), hardware: .hypercall)
  ).with { $0.needs = [.hypercalls] }

  static let events: [SurveyCategory] = [
    SurveyCategory(
      "interrupt", "external interrupt", frequency: "medium", elimination: "no",
      [
        Case(
          provocation: interrupts("external interrupt"),
          remedies: [interrupts("posted interrupts").with { $0.needs.append(.postedInterrupts) }]),
        Case(
          provocation: virtio("external interrupt, one a frame", "batch=1", "irq=1").with {
            // Else four: QueueNotify, InterruptStatus and InterruptACK in user space, EOI in the kernel.
            $0.expectation = .open(
              "a virtual APIC spares the exit of EOI, and an emulated processor may deliver an interrupt twice"
            )
          },
          remedies: [
            virtio("batching", "batch=\(number)", "irq=1"),
            virtio("polling, no interrupt", "batch=\(number)", "irq=0"),
          ]),
      ]),
    SurveyCategory(
      "hypercall", "hypercalls", frequency: "medium", elimination: "no, by design",
      [Case(provocation: hypercalls, remedies: [])]),
  ]
}
