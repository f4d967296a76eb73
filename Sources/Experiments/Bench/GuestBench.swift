import Board
import Guests
import KVM
import Report
import VMM
import Witness

/// One run of the image `bench`: an operation at one privilege level, again and again.
struct GuestBench {
  /// What a run gave.
  struct Gain {
    let raw: RawMeasurement
    /// By the witness that was asked.
    let counted: Result<UInt64, Unavailable>
    /// Of the operations, not of the image's start and marks.
    let exitsToUserSpace: UInt64
  }

  private let operation: GuestOperation
  private let level: Int
  private let source: BenchWitness.Source?
  private let plan: (count: Int, batches: Int)

  /// - Parameters:
  ///   - source: who counts the operations; nil where nobody shall.
  ///   - samples: about how many; nil for the row's own number.
  init(_ operation: GuestOperation, level: Int, source: BenchWitness.Source?, samples: Int?) {
    self.operation = operation
    self.level = level
    self.source = source
    plan = operation.plan(samples: samples)
  }

  /// Runs the guest to its end.
  ///
  /// - Throws: ``Failure`` where a run could not be had, ``Unavailable`` where this host cannot do what the row wants.
  func run() throws -> Gain {
    // Counts on the threads that this one makes: before the machine is there.
    let witness = TracepointWitness(source?.selection.map { [$0] } ?? [])
    let words = try GuestWords()
    var rig: BenchRig?
    let session = try Session(request, output: words.output) { machine throws(MachineError) in
      do throws(KVMError) {
        let made = try BenchRig(
          operation, count: plan.count, on: machine, counter: counter(of: machine, witness))
        rig = made
        return [made.device]
      } catch { throw .kvm(error) }
    }
    guard let rig else { preconditionFailure("a session makes its devices") }
    guard rig.memoryIsAsWanted else {
      throw Unavailable("the guest's memory cannot be backed by pages of the size wanted (madvise)")
    }
    rig.startAnswering()
    defer { rig.stopAnswering() }
    let report = try session.run(Board.RunOptions(), counts: nil)
    try check(report, words)
    if let missing = rig.missingHugeBytes { throw missing }
    guard let raw = rig.measurement(operation.group, count: plan.count, batches: plan.batches) else {
      throw Failure(status: 1, message: "\(place): the guest did not say where its samples are")
    }
    return Gain(
      raw: raw, counted: counted(rig, report), exitsToUserSpace: BenchDevice.exitsOfOperations(report))
  }

  private var request: GuestRequest {
    var line = ["op=\(operation.name)", "cpl=\(level)", "at=\(operation.at)", "value=\(operation.value)"]
    line += ["group=\(operation.group)", "count=\(plan.count)", "batches=\(plan.batches)"]
    if let memory = operation.memory { line.append("stride=\(memory.stride)") }
    var request = GuestRequest("builtin:bench", commandLine: line.joined(separator: " "))
    request.cpus = "\(operation.cpus)"
    request.nics = operation.nic.map { [$0] } ?? []
    return request
  }

  private var place: String { "bench: \(operation.name) at CPL \(level)" }

  private func check(_ report: RunReport, _ words: GuestWords) throws {
    let outcome = report.outcome
    switch (outcome.kind, outcome.status) {
    case ("exited", 0): break
    case ("exited", 2): throw Unavailable(words.said)
    case ("interrupted", let status): throw Failure(status: status, message: nil)
    default:
      let detail = [outcome.detail ?? "", words.said].filter { !$0.isEmpty }.joined(separator: "; ")
      throw Failure(
        status: 1, message: "\(place): the run ended by \(outcome.kind), status \(outcome.status): \(detail)")
    }
  }

  /// What is to be read at each mark, where the witness counts while the guest runs.
  private func counter(
    of machine: Machine, _ witness: TracepointWitness
  ) -> (() throws(Unavailable) -> UInt64)? {
    switch source {
    case .statistic(let name):
      let statistic = MachineStatistic(name)
      // The machine's threads hold its devices.
      return { [weak machine] () throws(Unavailable) in try statistic.sum(over: machine?.vcpus ?? []) }
    case .tracepoint:
      let selection = source!.selection!
      return { () throws(Unavailable) in try witness.count(selection) }
    case .ledger, .doorbell, nil: return nil
    }
  }

  private func counted(_ rig: BenchRig, _ report: RunReport) -> Result<UInt64, Unavailable> {
    switch source {
    case .ledger(let device, let register):
      let rows = report.devices.filter { $0.name == device }.flatMap(\.registers)
      return .success(rows.filter { $0.name == register }.map { $0.reads + $0.writes }.reduce(0, +))
    case .doorbell: return .success(rig.device.doorbell?.total() ?? 0)
    case .statistic, .tracepoint:
      if let counted = rig.device.marks.counted { return .success(counted) }
      return .failure(rig.device.marks.failure ?? Unavailable("the guest set no marks"))
    case nil: return .failure(Unavailable("nobody was asked"))
    }
  }
}

extension BenchWitness.Source {
  /// For tracepoints alone.
  var selection: TracepointSelection? {
    guard case .tracepoint(let event, let filter) = self else { return nil }
    return TracepointSelection(event, filter)
  }
}

extension BenchDevice {
  /// Returns of KVM_RUN for anything but the image's start, its marks and its end.
  static func exitsOfOperations(_ report: RunReport) -> UInt64 {
    report.devices.filter { $0.name != "debug-exit" }.flatMap { device in
      device.registers.filter { device.name != name || !controls.contains($0.name) }.map(\.exits)
    }.reduce(0, +)
  }
}
