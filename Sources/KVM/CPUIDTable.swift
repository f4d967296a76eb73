import CKVM
import CLinux

/// The answers of the CPUID instruction, which KVM gives by itself from this table (KVM_SET_CPUID2).
public struct CPUIDTable: Equatable, Sendable {
  /// The registers that CPUID answers in.
  public enum Register: String, CaseIterable, Sendable {
    case eax, ebx, ecx, edx
  }

  /// One leaf, and one subleaf where KVM tells them apart.
  public struct Entry: Equatable, Sendable {
    /// What the guest asks for in EAX.
    public let leaf: UInt32
    /// What it asks for in ECX; 0 where the leaf has no subleaves.
    public let subleaf: UInt32
    /// KVM_CPUID_FLAG_ bits (KVM API, section 4.46).
    var flags: UInt32
    /// What CPUID answers, register by register.
    public var eax: UInt32
    public var ebx: UInt32
    public var ecx: UInt32
    public var edx: UInt32

    /// It answers for its subleaf alone; without the flag, CPUID ignores ECX and it answers for all of the leaf.
    var hasSubleaf: Bool {
      get { flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX.magnitude != 0 }
      set {
        let flag = KVM_CPUID_FLAG_SIGNIFCANT_INDEX.magnitude
        flags = newValue ? flags | flag : flags & ~flag
      }
    }

    /// The answer in one register.
    public subscript(register: Register) -> UInt32 {
      get {
        switch register {
        case .eax: eax
        case .ebx: ebx
        case .ecx: ecx
        case .edx: edx
        }
      }
      set {
        switch register {
        case .eax: eax = newValue
        case .ebx: ebx = newValue
        case .ecx: ecx = newValue
        case .edx: edx = newValue
        }
      }
    }
  }

  /// The first of the leaves that no processor has (KVM documentation, x86/cpuid.rst).
  private static let hypervisorLeaf: UInt32 = 0x4000_0000

  public private(set) var entries: [Entry]
  /// How many entries come from KVM; those behind them were added by ``set(leaf:subleaf:_:to:mask:)``.
  private let given: Int

  public init(entries: [Entry] = []) {
    self.entries = entries
    given = entries.count
  }

  /// KVM_GET_SUPPORTED_CPUID wants a table of the right size or larger: E2BIG asks for more.
  ///
  /// Where KVM has leaves of its own, leaf 1 says that there are such: Linux reads its clock by them, and else would have
  /// to calibrate one.
  init(supportedBy system: Int32) throws(KVMError) {
    var capacity = 128
    while true {
      let buffer = CPUIDBuffer(capacity: capacity)
      let result = unsafe ckvm_call_with(system, KVM_GET_SUPPORTED_CPUID_, buffer.table)
      if result == -Int(E2BIG), capacity < 4096 {
        capacity *= 2
        continue
      }
      _ = try check(result, "KVM_GET_SUPPORTED_CPUID")
      self.init(entries: buffer.entries)
      if entries.contains(where: { $0.leaf == Self.hypervisorLeaf }) {
        set(leaf: 1, .ecx, to: 1 << 31, mask: 1 << 31)
      }
      return
    }
  }

  /// Sets the bits of `mask` in a register to those of `value`; a leaf or subleaf that is not there is added with
  /// zeros.
  ///
  /// A leaf that KVM gives without subleaves has none: a change of any is a change of the leaf. A leaf added here answers
  /// for every ECX as long as only subleaf 0 has been asked for, and for each subleaf apart from then on.
  public mutating func set(
    leaf: UInt32, subleaf: UInt32 = 0, _ register: Register, to value: UInt32, mask: UInt32 = ~0
  ) {
    let index = place(leaf: leaf, subleaf: subleaf)
    entries[index][register] = entries[index][register] & ~mask | value & mask
  }

  /// Where the entry is that answers for a subleaf, added if need be.
  private mutating func place(leaf: UInt32, subleaf: UInt32) -> Int {
    if subleaf != 0, let whole = entries.indices.dropFirst(given).first(where: { entries[$0].leaf == leaf }) {
      entries[whole].hasSubleaf = true
    }
    if let index = entries.firstIndex(where: {
      $0.leaf == leaf && ($0.subleaf == subleaf || !$0.hasSubleaf)
    }) {
      return index
    }
    var entry = Entry(leaf: leaf, subleaf: subleaf, flags: 0, eax: 0, ebx: 0, ecx: 0, edx: 0)
    entry.hasSubleaf = subleaf != 0 || entries.contains { $0.leaf == leaf }
    entries.append(entry)
    return entries.count - 1
  }

  /// The table of one vCPU: its APIC identifier in leaf 1 (Intel SDM vol. 2, CPUID, "Initial APIC ID") and
  /// in the x2APIC leaves 0x0b and 0x1f, and without a LAPIC no word of one.
  public func forCPU(_ index: Int, of count: Int, hasLocalAPIC: Bool) -> CPUIDTable {
    var table = self
    let identifier = UInt32(index)
    for position in table.entries.indices {
      switch table.entries[position].leaf {
      case 1:
        let logical = UInt32(min(count, 255))
        table.entries[position].ebx =
          table.entries[position].ebx & 0x0000_ffff | logical << 16 | (identifier & 0xff) << 24
        // HTT: the count of logical processors above is valid.
        if count > 1 { table.entries[position].edx |= 1 << 28 }
        if !hasLocalAPIC {
          table.entries[position].edx &= ~(1 << 9)  // APIC
          table.entries[position].ecx &= ~(1 << 21 | 1 << 24)  // x2APIC, TSC deadline
        }
      case 0x0b, 0x1f: table.entries[position].edx = identifier
      default: break
      }
    }
    return table
  }

  /// Gives the table to a vCPU.
  func apply(to vcpu: Int32) throws(KVMError) {
    let buffer = CPUIDBuffer(capacity: entries.count)
    buffer.entries = entries
    _ = try unsafe check(ckvm_call_with(vcpu, KVM_SET_CPUID2_, buffer.table), "KVM_SET_CPUID2")
  }
}

/// A struct kvm_cpuid2 with room for its entries.
@safe
private struct CPUIDBuffer: ~Copyable {
  let table: UnsafeMutablePointer<kvm_cpuid2>
  let capacity: Int

  init(capacity: Int) {
    let size = MemoryLayout<kvm_cpuid2>.size + capacity * MemoryLayout<kvm_cpuid_entry2>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    unsafe table = memory.assumingMemoryBound(to: kvm_cpuid2.self)
    unsafe table.pointee.nent = UInt32(capacity)
    self.capacity = capacity
  }

  deinit {
    unsafe UnsafeMutableRawPointer(table).deallocate()
  }

  var entries: [CPUIDTable.Entry] {
    get {
      (0..<min(capacity, Int(unsafe table.pointee.nent))).map { index in
        let entry = unsafe ckvm_cpuid_entries(table)[index]
        return CPUIDTable.Entry(
          leaf: entry.function, subleaf: entry.index, flags: entry.flags, eax: entry.eax, ebx: entry.ebx,
          ecx: entry.ecx, edx: entry.edx)
      }
    }
    nonmutating set {
      for (index, entry) in newValue.prefix(capacity).enumerated() {
        unsafe ckvm_cpuid_entries(table)[index] = kvm_cpuid_entry2(
          function: entry.leaf, index: entry.subleaf, flags: entry.flags, eax: entry.eax, ebx: entry.ebx,
          ecx: entry.ecx, edx: entry.edx, padding: (0, 0, 0))
      }
      unsafe table.pointee.nent = UInt32(min(capacity, newValue.count))
    }
  }
}
