import HostFacts
import TestSupport

@testable import Attach
@testable import Witness

/// A kernel whose tracepoints have their fields wherever the test wants them.
struct SyntheticKernel {
  /// The fields of a tracepoint's records, with their sizes in bytes.
  static let fields: [KVMTracepoint: [(name: String, size: Int)]] = [
    .exit: [("exit_reason", 4), ("isa", 4), ("vcpu_id", 4)], .userSpaceExit: [("reason", 4), ("errno", 4)],
    .port: [("rw", 4), ("port", 4), ("size", 4), ("count", 4)],
    .memory: [("type", 4), ("len", 4), ("gpa", 8)],
    .fastMemory: [("gpa", 8)], .msr: [("write", 4), ("ecx", 4), ("data", 8)],
    .cpuid: [("function", 4), ("index", 4)],
  ]

  /// The texts of `format`; a tracepoint that is not here is one that the kernel does not have.
  var formats: [KVMTracepoint: String] = [:]
  private var places: [KVMTracepoint: [String: (offset: Int, size: Int)]] = [:]

  /// Lays the fields out in a random order with gaps between them.
  init(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for (number, kind) in KVMTracepoint.allCases.enumerated() {
      var offset = 8
      var text = "ID: \(100 + number)\n"
      for field in (Self.fields[kind] ?? []).shuffled(using: &random) {
        offset += Int.random(in: 0...9, using: &random)
        text += "\tfield:u\(field.size * 8) \(field.name);\toffset:\(offset);\tsize:\(field.size);"
        text += "\tsigned:\(field.name == "errno" ? 1 : 0);\n"
        places[kind, default: [:]][field.name] = (offset, field.size)
        offset += field.size
      }
      formats[kind] = text
    }
  }

  /// Takes a field out of a tracepoint's format.
  mutating func drop(_ field: String, of kind: KVMTracepoint) {
    let lines = formats[kind]!.split(separator: "\n").filter { !$0.contains(" \(field);") }
    formats[kind] = lines.joined(separator: "\n")
  }

  func plan(for host: HostKind = .vtx) throws(AttachError) -> TracepointPlan {
    let found = KVMTracepoint.allCases.map { kind in
      let name = "kvm:\(kind.rawValue)"
      let format = formats[kind].flatMap { EventFormat($0) }
      return (
        kind,
        format.map { Result.success(Tracepoint(name: name, format: $0)) }
          ?? .failure(Unavailable("this kernel has no tracepoint \(name)"))
      )
    }
    return try TracepointPlan(found, host)
  }

  /// The data of a record.
  func data(_ event: KVMEvent) -> [UInt8] {
    switch event {
    case .exit(let reason, let vcpu):
      bytes(
        .exit,
        ["exit_reason": UInt64(reason.number), "isa": UInt64(reason.isa), "vcpu_id": UInt64(vcpu ?? 0)])
    case .userSpaceExit(let reason):
      bytes(
        .userSpaceExit,
        ["reason": UInt64(reason.number), "errno": UInt64(bitPattern: Int64(reason.errno))])
    case .port(let port, let isWrite, let items):
      bytes(.port, ["port": port, "rw": isWrite ? 1 : 0, "count": items])
    case .memory(let address, let access): bytes(.memory, ["gpa": address, "type": access.rawValue])
    case .fastMemory(let address): bytes(.fastMemory, ["gpa": address])
    case .msr(let index, let isWrite): bytes(.msr, ["ecx": index, "write": isWrite ? 1 : 0])
    case .cpuid(let leaf): bytes(.cpuid, ["function": leaf])
    }
  }

  private func bytes(_ kind: KVMTracepoint, _ values: [String: UInt64]) -> [UInt8] {
    let all = places[kind]!
    var bytes = [UInt8](repeating: 0xa5, count: all.values.map { $0.offset + $0.size }.max()!)
    for (name, value) in values {
      let place = all[name]!
      for index in 0..<place.size {
        bytes[place.offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
    }
    return bytes
  }
}

extension KVMEvent {
  /// The tracepoint that it is of.
  var kind: KVMTracepoint {
    switch self {
    case .exit: .exit
    case .userSpaceExit: .userSpaceExit
    case .port: .port
    case .memory: .memory
    case .fastMemory: .fastMemory
    case .msr: .msr
    case .cpuid: .cpuid
    }
  }
}

extension ThreadTally {
  /// Counts a record with these data as the ring would hand it over.
  mutating func take(
    _ kind: KVMTracepoint, _ data: [UInt8], _ plan: TracepointPlan, _ book: inout AddressBook
  ) {
    unsafe take(plan.index(of: kind), .sample(event: 1, data: 0..<data.count), data.span.bytes, &book)
  }
}
