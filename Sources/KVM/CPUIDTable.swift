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
    public let leaf: UInt32
    public let subleaf: UInt32
    let flags: UInt32
    public var eax: UInt32
    public var ebx: UInt32
    public var ecx: UInt32
    public var edx: UInt32

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

  public private(set) var entries: [Entry]

  public init(entries: [Entry] = []) {
    self.entries = entries
  }

  /// KVM_GET_SUPPORTED_CPUID wants a table of the right size or larger: E2BIG asks for more.
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
      entries = buffer.entries
      return
    }
  }

  /// Sets the bits of `mask` in a register to those of `value`; a leaf that is not there is added with zeros.
  public mutating func set(
    leaf: UInt32, subleaf: UInt32 = 0, _ register: Register, to value: UInt32, mask: UInt32 = ~0
  ) {
    let index = entries.firstIndex {
      $0.leaf == leaf && ($0.subleaf == subleaf || $0.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX.magnitude == 0)
    }
    guard let index else {
      var entry = Entry(
        leaf: leaf, subleaf: subleaf,
        flags: subleaf == 0 ? 0 : KVM_CPUID_FLAG_SIGNIFCANT_INDEX.magnitude, eax: 0, ebx: 0, ecx: 0, edx: 0)
      entry[register] = value & mask
      entries.append(entry)
      return
    }
    entries[index][register] = entries[index][register] & ~mask | value & mask
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
