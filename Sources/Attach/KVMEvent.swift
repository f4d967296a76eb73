import Witness

/// What a record of a tracepoint says, as far as counting needs it.
enum KVMEvent: Equatable, Sendable {
  /// `vcpu` is KVM's number of the vCPU, where the kernel tells it.
  case exit(HardwareReason, vcpu: UInt32?)
  case userSpaceExit(UserSpaceReason)
  case port(UInt64, isWrite: Bool, items: UInt64)
  case memory(UInt64, MemoryAccess)
  case fastMemory(UInt64)
  case msr(UInt64, isWrite: Bool)
  case cpuid(leaf: UInt64)

  /// The kinds of kvm_mmio (enum of include/trace/events/kvm.h).
  enum MemoryAccess: UInt64, Sendable {
    /// Nobody in the kernel answers: user space will.
    case unsatisfiedRead = 0
    /// The value is there, from the kernel or from user space.
    case read = 1
    case write = 2
  }
}

/// Finds the values in the records of one tracepoint, by its format on this kernel.
enum EventDecoder: Sendable {
  case exit(reason: EventField, isa: EventField, vcpu: EventField?)
  case userSpaceExit(reason: EventField, errno: EventField)
  case port(port: EventField, rw: EventField, count: EventField)
  case memory(gpa: EventField, type: EventField)
  case fastMemory(gpa: EventField)
  case msr(ecx: EventField, write: EventField)
  case cpuid(function: EventField)

  /// - Throws: ``Unavailable`` where a field that is needed is not in the records.
  init?(_ kind: KVMTracepoint, _ format: EventFormat) throws(Unavailable) {
    switch kind {
    case .exit:
      // Since Linux 5.9.
      let vcpu = try? format.field("vcpu_id")
      self = .exit(reason: try format.field("exit_reason"), isa: try format.field("isa"), vcpu: vcpu)
    case .userSpaceExit:
      self = .userSpaceExit(reason: try format.field("reason"), errno: try format.field("errno"))
    case .port:
      self = .port(
        port: try format.field("port"), rw: try format.field("rw"), count: try format.field("count"))
    case .memory: self = .memory(gpa: try format.field("gpa"), type: try format.field("type"))
    case .fastMemory: self = .fastMemory(gpa: try format.field("gpa"))
    case .msr: self = .msr(ecx: try format.field("ecx"), write: try format.field("write"))
    case .cpuid: self = .cpuid(function: try format.field("function"))
    case .hypercall, .pageFault, .interrupt, .halt: return nil
    }
  }

  /// Reads a record's data; nil where it ends before a value, or holds one that means nothing.
  func event(_ data: RawSpan) -> KVMEvent? {
    switch self {
    case .exit(let reason, let isa, let vcpu):
      guard let reason = reason.value(in: data), let isa = isa.value(in: data) else { return nil }
      return .exit(
        HardwareReason(number: UInt32(truncatingIfNeeded: reason), isa: UInt32(truncatingIfNeeded: isa)),
        vcpu: vcpu?.value(in: data).map { UInt32(truncatingIfNeeded: $0) })
    case .userSpaceExit(let reason, let errno):
      guard let reason = reason.value(in: data), let errno = errno.value(in: data) else { return nil }
      return .userSpaceExit(
        UserSpaceReason(
          number: UInt32(truncatingIfNeeded: reason), errno: Int32(truncatingIfNeeded: errno)))
    case .port(let port, let rw, let count):
      guard let port = port.value(in: data), let rw = rw.value(in: data), let count = count.value(in: data)
      else { return nil }
      return .port(port, isWrite: rw != 0, items: count)
    case .memory(let gpa, let type):
      guard let gpa = gpa.value(in: data),
        let access = type.value(in: data).flatMap(KVMEvent.MemoryAccess.init)
      else { return nil }
      return .memory(gpa, access)
    case .fastMemory(let gpa): return gpa.value(in: data).map { .fastMemory($0) }
    case .msr(let ecx, let write):
      guard let ecx = ecx.value(in: data), let write = write.value(in: data) else { return nil }
      return .msr(ecx, isWrite: write != 0)
    case .cpuid(let function): return function.value(in: data).map { .cpuid(leaf: $0) }
    }
  }
}
