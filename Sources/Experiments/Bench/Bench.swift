import Guests
import HostFacts
import KVM
import VMM
import Witness

/// Measures what things cost on this host.
public final class Bench {
  public let host: HostFacts
  /// Frequency of the time-stamp counter, in kHz.
  public var timestampKHz: Int { hostBench.timestampKHz }
  private let hostBench: HostBench

  /// While a tracepoint counts, nothing is timed, and fewer samples do.
  private static let countedSamples = 200

  /// - Throws: ``Failure`` where KVM cannot be used.
  public init() throws(Failure) {
    host = .current
    do throws(MachineError) { hostBench = try HostBench() } catch { throw Failure(error) }
  }

  /// Measures one line of the table.
  ///
  /// - Parameter samples: about how many; nil for the row's own number, usually 2000.
  /// - Throws: ``Failure`` where a run could not be had, or was interrupted by a signal. What this host cannot do is no
  ///   failure but a result that says so.
  public func run(_ line: BenchCase, samples: Int? = nil) throws(Failure) -> BenchResult {
    var result = BenchResult(line)
    do {
      switch line.row.work {
      case .host(let operation): measure(operation, samples, &result)
      case .guest(let operation): try measure(operation, level: line.level ?? 3, samples, &result)
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      result = BenchResult(line)
      result.unavailable = "\(error)"
    }
    return result
  }

  /// The median cost of a row in ns, in a short run; for those who want a price, not a table.
  ///
  /// - Parameter level: one of the row's; ignored for rows without a guest.
  /// - Returns: the median, or why this host cannot do it.
  public func cost(
    of row: BenchRow, level: Int = 3, samples: Int = 200
  ) throws(Failure) -> Result<Double, Unavailable> {
    let result = try run(
      BenchCase(row: row, level: row.levels.isEmpty ? nil : level), samples: samples)
    guard let nanoseconds = result.nanoseconds else {
      return .failure(Unavailable(result.unavailable ?? "not measured"))
    }
    return .success(nanoseconds.median)
  }

  // MARK: Without a guest

  private func measure(_ operation: HostOperation, _ samples: Int?, _ result: inout BenchResult) {
    let batches = min(HostOperation.batches, max(1, samples ?? HostOperation.batches))
    let count = max(1, (samples ?? HostOperation.samples) / batches)
    let before = hostBench.ledgerCount(of: operation)
    let raw = hostBench.measure(operation, count: count, batches: batches)
    result.take(raw, timestampKHz: timestampKHz)
    if let before, let after = hostBench.ledgerCount(of: operation) {
      result.take(.success(after - before), of: raw.operations, by: operation.witness, silence: nil)
    } else if let selection = operation.witness.selection {
      let witness = TracepointWitness([selection])
      let counted = hostBench.measure(operation, count: Self.countedSamples, batches: 1)
      do throws(Unavailable) {
        result.take(
          .success(try witness.count(selection)), of: counted.operations, by: operation.witness, silence: nil)
      } catch { result.countUnavailable = error.reason }
    }
  }

  // MARK: With a guest

  private func measure(
    _ operation: GuestOperation, level: Int, _ samples: Int?, _ result: inout BenchResult
  ) throws {
    try check(operation)
    let source = operation.witness.source(on: host.kvm)
    let silence = operation.witness.reasonForSilence(on: host.kvm, level: level)
    let isCountedApart = source.selection != nil
    let timed = try GuestBench(
      operation, level: level, source: isCountedApart ? nil : source, samples: samples
    ).run()
    result.take(timed.raw, timestampKHz: timestampKHz)
    result.exitsToUserSpace = timed.exitsToUserSpace
    let witnessed =
      isCountedApart
      ? try GuestBench(
        operation, level: level, source: source, samples: min(samples ?? .max, Self.countedSamples)
      ).run() : timed
    result.take(witnessed.counted, of: witnessed.raw.operations, by: source, silence: silence)
  }

  private func check(_ operation: GuestOperation) throws {
    if let memory = operation.memory, let obstacle = FreshMemory.obstacle(to: memory) {
      throw Unavailable(obstacle)
    }
    let system = try System()
    for capability in operation.needs where system.value(of: capability) == 0 {
      throw Unavailable("this host's KVM lacks \(capability.name)")
    }
  }
}

extension BenchResult {
  /// Enters what a witness counted.
  fileprivate mutating func take(
    _ counted: Result<UInt64, Unavailable>, of operations: UInt64, by source: BenchWitness.Source,
    silence: String?
  ) {
    switch counted {
    case .failure(let why):
      countUnavailable = why.reason
      mayBeNoExit = silence
    case .success(let counted):
      let isSilent = counted == 0 && silence != nil
      count = Count(
        by: source.name, operations: operations, counted: counted,
        verified: counted == operations || isSilent, silence: isSilent ? silence : nil)
    }
  }
}
