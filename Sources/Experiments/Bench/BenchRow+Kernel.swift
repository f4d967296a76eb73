extension BenchRow {
  private static let virtualAPIC = "the processor has a virtual APIC (APICv, AVIC) and answers by itself"

  static let kernel: [BenchRow] = [
    BenchRow(
      "cpuid", .kernel, "CPUID, leaf 0",
      GuestOperation(
        name: "cpuid",
        witness: BenchWitness(
          .tracepoint("kvm_cpuid"),
          silentOnPVM: (3, "at CPL 3 it is answered below this KVM, by the hypervisor that runs the host")))),
    BenchRow(
      "pic-in", .kernel, "IN from port 0x21, the mask of KVM's own 8259",
      GuestOperation(
        name: "in", at: 0x21, needs: [.irqchip],
        witness: BenchWitness(.tracepoint("kvm_pio", "port == 0x21")))),
    BenchRow(
      "lapic-read", .kernel, "a 32-bit load from 0xfee00020, the ID register of KVM's own LAPIC",
      GuestOperation(
        name: "read", at: 0xfee0_0020, needs: [.irqchip],
        witness: BenchWitness(
          .tracepoint("kvm_mmio", "gpa == 0xfee00020"), silentOnHardware: virtualAPIC))),
    BenchRow(
      "x2apic-read", .kernel, "RDMSR of 0x802, the same register as an MSR", levels: [0],
      GuestOperation(
        name: "rdmsr", at: 0x802, needs: [.irqchip],
        witness: BenchWitness(.tracepoint("kvm_msr", "ecx == 0x802"), silentOnHardware: virtualAPIC))),
    BenchRow(
      "rdmsr", .kernel, "RDMSR of 0x1b, IA32_APIC_BASE", levels: [0],
      GuestOperation(name: "rdmsr", at: 0x1b, witness: BenchWitness(.tracepoint("kvm_msr", "ecx == 0x1b")))),
    BenchRow(
      "ioeventfd-out", .kernel, "OUT to a port that rings an eventfd; nobody waits for it",
      GuestOperation(
        name: "out", at: BenchDevice.doorbellPort, part: .doorbellPort, needs: [.ioEventFD],
        witness: BenchWitness(.doorbell))),
    BenchRow(
      "ioeventfd-write", .kernel, "a 32-bit store that rings an eventfd; nobody waits for it",
      GuestOperation(
        name: "write", at: BenchDevice.doorbellAddress, part: .doorbellMemory, needs: [.ioEventFD],
        witness: BenchWitness(.doorbell))),
    BenchRow(
      "coalesced-out", .kernel, "one of 170 OUTs that KVM keeps in its ring, emptying the ring included",
      GuestOperation(
        name: "outmany", at: BenchDevice.coalescedPort, group: BenchDevice.ringCapacity, samples: 200,
        part: .coalescedPort, needs: [.coalescedPIO],
        witness: BenchWitness(.ledger(device: BenchDevice.name, register: BenchDevice.coalescedName)))),
    BenchRow(
      "coalesced-write", .kernel, "one of 170 stores that KVM keeps in its ring, emptying the ring included",
      GuestOperation(
        name: "writemany", at: BenchDevice.coalescedAddress, group: BenchDevice.ringCapacity, samples: 200,
        part: .coalescedMemory, needs: [.coalescedMMIO],
        witness: BenchWitness(.ledger(device: BenchDevice.name, register: BenchDevice.coalescedName)))),
  ]
}
