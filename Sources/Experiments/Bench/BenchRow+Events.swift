extension BenchRow {
  private static let virtualAPIC = "the processor has a virtual APIC (APICv, AVIC) and delivers by itself"
  private static let nestedPaging = "nested paging: the guest's page tables are its own affair"

  static let events: [BenchRow] = [
    BenchRow(
      "self-ipi", .events, "an interrupt that the processor sends itself (xAPIC), to the handler's end",
      GuestOperation(
        name: "interrupt", samples: 400, needs: [.irqchip],
        witness: BenchWitness(.tracepoint("kvm_eoi", "vector == 0x31"), silentOnHardware: virtualAPIC))),
    BenchRow(
      "kick-irqfd", .events,
      "asked by ioeventfd, a thread interrupts by irqfd: to the handler's end, while it runs",
      GuestOperation(
        name: "request", at: BenchDevice.doorbellAddress, samples: 400, part: .doorbellMemory,
        answer: .doorbell, needs: [.irqchip, .irqFD, .ioEventFD],
        witness: BenchWitness(.tracepoint("kvm_eoi", "vector == 0x2a"), silentOnHardware: virtualAPIC))),
    BenchRow(
      "kick-hlt-irqfd", .events, "the same, and the guest is in HLT meanwhile", levels: [0],
      GuestOperation(
        name: "halt", at: BenchDevice.doorbellAddress, part: .doorbellMemory, answer: .doorbell,
        needs: [.irqchip, .irqFD, .ioEventFD], witness: BenchWitness(.statistic("halt_exits")))),
    BenchRow(
      "hlt-irqfd", .events, "HLT, ended by irqfd by a thread that spins until then; to the handler's end",
      levels: [0],
      GuestOperation(
        name: "halt", answer: .word, needs: [.irqchip, .irqFD],
        witness: BenchWitness(.statistic("halt_exits")))),
    BenchRow(
      "touch-4k", .events, "the first store to a page, the host backs 4 KiB",
      GuestOperation(
        name: "touch", at: FreshMemory.address, memory: .small,
        witness: BenchWitness(.statistic("pf_fixed"), silentOnPVM: (0, emulatorWrites)))),
    BenchRow(
      "touch-2m", .events, "the first store to 2 MiB, the host backs them by one page",
      GuestOperation(
        name: "touch", at: FreshMemory.address, samples: 160, largestBatch: 16, memory: .huge,
        witness: BenchWitness(.statistic("pf_fixed"), silentOnPVM: (0, emulatorWrites)))),
    BenchRow(
      "pte-map", .events, "a page-table entry made present, and the first use of its page",
      GuestOperation(
        name: "map", largestBatch: 511,
        witness: BenchWitness(
          .statistic("pf_fixed"), silentOnHardware: nestedPaging,
          silentOnPVM: (0, "at CPL 0 KVM's emulator walks the guest's page tables by itself")))),
    BenchRow(
      "pte-invlpg", .events, "a page-table entry changed, INVLPG, and the next use of its page", levels: [0],
      GuestOperation(
        name: "invlpg", witness: BenchWitness(.statistic("invlpg"), silentOnHardware: nestedPaging))),
    BenchRow(
      "cr3", .events, "MOV to CR3 of the value that it has", levels: [0],
      GuestOperation(
        name: "cr3",
        witness: BenchWitness(
          .tracepoint("kvm_cr", "rw == 1 && cr == 3"), onPVM: .statistic("insn_emulation"),
          // kvm_amd fires kvm_cr for no write to CR3; the code of the exit is AMD APM volume 2, appendix C.
          onSVM: .tracepoint("kvm_exit", "exit_reason == \(0x13)"), silentOnHardware: nestedPaging))),
    BenchRow(
      "init-sipi", .events, "INIT and start-up IPI to another vCPU, to its first instruction in real mode",
      GuestOperation(
        name: "startup", samples: 500, cpus: 2, needs: [.irqchip],
        witness: BenchWitness(.tracepoint("kvm_apic_ipi", "icr_low == 0xc4608")))),
  ]

  private static let emulatorWrites = "at CPL 0 KVM's emulator writes to the memory by itself"
}
