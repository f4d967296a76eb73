import CKVM
import KVM

extension VCPU {
  /// Puts the vCPU where an image is entered (docs/guest-abi.md, section Entry state).
  func enter(_ entry: EntryState, hasLocalAPIC: Bool) throws(KVMError) {
    var special = try specialRegisters()
    // KVM enables IA32_APIC_BASE even where it has no LAPIC, and CPUID's APIC flag follows that bit.
    if !hasLocalAPIC { special.apic_base = 0 }
    var general = kvm_regs()
    general.rip = entry.instructionPointer
    general.rsp = entry.stackPointer
    general.rax = entry.rax
    general.rbx = entry.rbx
    general.rflags = 1 << 1  // always set (Intel SDM vol. 1, 3.4.3)
    if let table = entry.descriptorTable {
      special.gdt.base = table.lowerBound
      special.gdt.limit = UInt16(truncatingIfNeeded: table.count - 1)
    }
    switch entry.mode {
    case .real:
      let segment = entry.instructionPointer >> 4 & 0xf000
      special.cs.selector = UInt16(segment)
      special.cs.base = segment << 4
      general.rip = entry.instructionPointer & 0xffff
    case .protected:
      special.setFlatSegments(isLong: false)
      special.cr0 = special.cr0 | 1  // PE
      special.idt.limit = 0
    case .long:
      special.setFlatSegments(isLong: true)
      special.cr3 = entry.pageTables
      special.cr4 |= 1 << 5  // PAE
      special.efer |= 1 << 8 | 1 << 10  // LME, LMA
      special.cr0 |= 1 << 31 | 1  // PG, PE
      special.idt.limit = 0
    }
    try setSpecialRegisters(special)
    try setRegisters(general)
  }
}

extension kvm_sregs {
  /// Code at selector 8 and data at 16, from 0 to 4 GiB (Intel SDM vol. 3, 3.4.5).
  fileprivate mutating func setFlatSegments(isLong: Bool) {
    var code = kvm_segment()
    code.limit = ~0
    code.selector = 8
    code.type = 0b1011  // execute, read, accessed
    code.present = 1
    code.s = 1
    code.g = 1
    code.l = isLong ? 1 : 0
    code.db = isLong ? 0 : 1
    cs = code
    var data = code
    data.selector = 16
    data.type = 0b0011  // read, write, accessed
    data.l = 0
    data.db = 1
    ds = data
    es = data
    fs = data
    gs = data
    ss = data
  }
}
