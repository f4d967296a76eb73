import Attach
import Foundation
import Testing

/// `swiftvmm attach` while it counts.
final class Attaching {
  let child: Child
  private let folder: Scratch
  private let json: String

  /// Starts it without a terminal, and waits until it counts.
  init(to process: pid_t, _ options: String...) throws {
    folder = try Scratch()
    json = folder.path("attach.json")
    let output = try folder.create("stdout")
    let errors = try folder.create("stderr")
    child = try Child(
      [try Swiftvmm.path(), "attach", "\(process)", "--json", json] + options,
      [.path("/dev/null"), .descriptor(output.fileDescriptor), .descriptor(errors.fileDescriptor)])
    try wait(for: "attach does not begin to count") { try self.errors.contains("attached to \(process) ") }
  }

  deinit {
    child.send(SIGKILL)
  }

  var errors: String {
    get throws { String(decoding: try folder.bytes("stderr"), as: UTF8.self) }
  }

  /// What it printed, once it has ended well.
  func table() throws -> String {
    let status = child.wait()
    let errors = try errors
    #expect(status == 0, "\(errors)")
    return String(decoding: try folder.bytes("stdout"), as: UTF8.self)
  }

  /// What it counted, once it has ended well.
  func report() throws -> AttachReport {
    _ = try table()
    let data = try Data(contentsOf: URL(filePath: json))
    let report = try JSONDecoder().decode(AttachReport.self, from: data)
    #expect(AttachForm.problems(in: try JSONSerialization.jsonObject(with: data)) == [])
    checkSums(report)
    return report
  }
}

/// Expects what docs/attach.md says of every report.
private func checkSums(_ report: AttachReport) {
  let vcpus = report.vcpus
  for tracepoint in report.tracepoints {
    let sum = vcpus.map { $0.tracepoints[tracepoint.name] ?? 0 }.reduce(0, +)
    #expect(tracepoint.count == sum, "\(tracepoint.name) = sum over the vCPUs")
    #expect(tracepoint.lost ?? 0 <= tracepoint.count)
  }
  if report.end == .targetEnded {
    #expect(report.threads.ended == report.threads.atStart + report.threads.appeared)
  }
  #expect(report.records.lost == report.tracepoints.compactMap(\.lost).reduce(0, +))
  func lost(_ name: String) -> UInt64 { report.tracepoints.first { $0.name == name }?.lost ?? 0 }
  for (exits, name) in [(report.userSpace, "kvm_userspace_exit"), (report.hardware, "kvm_exit")] {
    guard let exits else { continue }
    #expect(exits.byReason.values.reduce(0, +) + lost(name) == exits.total, "\(name): reasons and lost")
  }
  func exits(_ space: String) -> UInt64 {
    report.addresses.filter { $0.space == space }.map(\.exits).reduce(0, +)
  }
  for (space, name) in [("port", "kvm_pio"), ("msr", "kvm_msr"), ("cpuid", "kvm_cpuid")] {
    let count = report.tracepoints.first { $0.name == name }?.count ?? 0
    #expect(exits(space) + lost(name) == count, "\(name): addresses and lost")
  }
  guard report.records.lost == 0, let userSpace = report.userSpace else { return }
  func sum(_ space: String, _ value: (AttachReport.AddressReport) -> UInt64?) -> UInt64 {
    report.addresses.filter { $0.space == space }.compactMap(value).reduce(0, +)
  }
  let io = userSpace.byReason["io"] ?? 0
  let mmio = userSpace.byReason["mmio"] ?? 0
  let sure = sum("port", \.userSpace)
  #expect(sure <= io && io <= sure + sum("port", \.undecided) + report.records.unplaced, "exits for ports")
  let unplaced = mmio - sum("memory", \.userSpace)
  #expect(unplaced <= report.records.unplaced, "exits for memory")
}

/// The keys of the JSON, as docs/attach.md has them.
private enum AttachForm {
  private static let exits = Form.object(["total": .count, "byReason": .table(.count)])
  private static let form = Form.object(
    [
      "schema": .text, "host": .object(["kvm": .text, "kernel": .text, "cpu": .text]),
      "target": .object(["pid": .count, "command": .text, "machines": .count, "vcpus": .count]),
      "durationSeconds": .number,
      "threads": .object(["atStart": .count, "appeared": .count, "ended": .count, "refused": .count]),
      "tracepoints": .list(.object(["name": .text, "count": .count], optional: ["lost": .count])),
      "addresses": .list(
        .object(
          ["space": .text, "exits": .count, "reads": .count, "writes": .count],
          optional: ["address": .count, "name": .text, "userSpace": .count, "undecided": .count])),
      "ranges": .list(
        .object(
          [
            "name": .text, "first": .count, "last": .count, "exits": .count, "reads": .count,
            "writes": .count,
          ], optional: ["userSpace": .count, "undecided": .count])),
      "vcpus": .list(
        .object(
          [
            "index": .count, "thread": .count, "name": .text, "appeared": .number,
            "tracepoints": .table(.count),
          ], optional: ["vcpu": .count, "userSpace": exits, "hardware": exits])),
      "records": .object(["lost": .count, "unplaced": .count]), "unavailable": .table(.text),
      "end": .text,
    ], optional: ["userSpace": exits, "hardware": exits])

  static func problems(in value: Any) -> [String] { form.problems(of: value) }
}

extension Trait where Self == ConditionTrait {
  /// Tracepoints are root's; or CAP_PERFMON's, and then tracefs is in the way.
  static var requiresRoot: Self { .enabled(if: geteuid() == 0, "attach takes root") }
}
