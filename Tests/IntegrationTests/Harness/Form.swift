import Foundation

/// The form of a JSON value, as Sources/Report/ReportModel.swift has it.
indirect enum Form: Sendable {
  case text
  case number
  /// A whole number, not negative.
  case count
  case list(Form)
  /// Keys that the run decides, all with values of one form.
  case table(Form)
  /// Keys that must be there, and keys that may be: no others.
  case object([String: Form], optional: [String: Form] = [:])

  /// What does not fit, each with its path.
  func problems(of value: Any, at path: String = "report") -> [String] {
    switch (self, value) {
    case (.text, is String): return []
    case (.number, is NSNumber): return []
    case (.count, let number as NSNumber):
      let double = number.doubleValue
      return double >= 0 && double == double.rounded() ? [] : ["\(path): \(number) is no count"]
    case (.list(let form), let list as [Any]):
      return list.enumerated().flatMap { form.problems(of: $1, at: "\(path)[\($0)]") }
    case (.table(let form), let table as [String: Any]):
      return table.flatMap { form.problems(of: $1, at: "\(path).\($0)") }
    case (.object(let required, let optional), let object as [String: Any]):
      let missing = Set(required.keys).subtracting(object.keys).map { "\(path).\($0) is missing" }
      return missing
        + object.flatMap { key, value in
          (required[key] ?? optional[key])?.problems(of: value, at: "\(path).\(key)")
            ?? ["\(path).\(key) is no key of the report"]
        }
    default: return ["\(path): \(value) has another type"]
    }
  }

  static let handler = object([
    "totalNs": .number, "medianNs": .number, "p99Ns": .number,
    "histogram": .list(.object(["fromNs": .number, "exits": .count])),
  ])
  static let exits = object(["total": .count, "byReason": .table(.count)])
  static let register = object([
    "name": .text, "space": .text, "offset": .count, "exits": .count, "reads": .count, "writes": .count,
    "handler": handler,
  ])
  static let device = object(
    [
      "name": .text, "exits": .count, "reads": .count, "writes": .count, "coalesced": .count,
      "handler": handler,
      "registers": .list(register), "faults": .list(.text), "moreFaults": .count,
    ],
    optional: [
      "kicks": .count, "interrupts": .count, "exitsPerPacket": .number,
      "packets": .object(["tx": .count, "rx": .count, "lost": .count, "corrupt": .count, "dropped": .count]),
    ])
  static let outcome = object(
    ["kind": .text, "status": .count],
    optional: [
      "detail": .text,
      "crash": .object([
        "vcpu": .count, "reason": .text, "detail": .text, "registers": .table(.text), "code": .text,
      ]),
    ])
  static let report = object(
    [
      "schema": .text,
      "host": .object(["kvm": .text, "kernel": .text, "cpu": .text], optional: ["timestampKHz": .count]),
      "guest": .object([
        "image": .text, "format": .text, "commandLine": .text, "memoryBytes": .count, "cpus": .count,
        "irqchip": .text, "nics": .list(.text),
      ]),
      "outcome": outcome, "durationSeconds": .number, "exits": exits,
      "vcpus": .list(.object(["index": .count, "exits": exits])), "devices": .list(device),
      "kernel": .object(["unavailable": .table(.text)], optional: ["cpuid": .count, "hlt": .count]),
    ],
    optional: [
      "window": .object(
        [
          "seconds": .number, "exits": .table(.count), "packets": .count, "coalesced": .count,
          "kicks": .count, "interrupts": .count,
          "registers": .list(
            .object(["device": .text, "name": .text, "reads": .count, "writes": .count])),
        ],
        optional: ["packetsPerSecond": .number])
    ])
}
