import Witness

/// What happened between the guest's marks: the time of each batch by the host's clock, and what a counter of the kernel's
/// counted meanwhile.
///
/// Written by the vCPU that marks, read after the run.
final class MarkLog: @unchecked Sendable {
  /// A batch between its marks.
  struct Batch: Equatable {
    var seconds: Double
    /// By the counter; nil without one.
    var counted: UInt64?
  }

  // GuestImages/bench/device.h
  private enum Mark {
    static let end: UInt64 = 0
    static let baseline: UInt64 = 1
    static let operation: UInt64 = 2
  }

  private(set) var baselines: [Batch] = []
  private(set) var operations: [Batch] = []
  /// Why the counter could not be read.
  private(set) var failure: Unavailable?
  private let counter: (() throws(Unavailable) -> UInt64)?
  private var begun: (isOperation: Bool, counted: UInt64?, at: ContinuousClock.Instant)?
  private let atEnd: () -> Void

  /// - Parameters:
  ///   - counter: asked at each mark, outside the batch's time.
  ///   - atEnd: called after each batch of the operation.
  init(counter: (() throws(Unavailable) -> UInt64)? = nil, atEnd: @escaping () -> Void = {}) {
    self.counter = counter
    self.atEnd = atEnd
  }

  /// Takes a mark: a beginning takes the time last, an end takes it first.
  func take(_ mark: UInt64) {
    let now = ContinuousClock.now
    switch mark {
    case Mark.end:
      guard let begun else { return }
      let batch = Batch(
        seconds: begun.at.duration(to: now) / .seconds(1),
        counted: begun.counted.flatMap { before in count().map { $0 &- before } })
      if begun.isOperation {
        operations.append(batch)
        atEnd()
      } else {
        baselines.append(batch)
      }
      self.begun = nil
    case Mark.baseline, Mark.operation:
      begun = (mark == Mark.operation, count(), .now)
    default: break
    }
  }

  private func count() -> UInt64? {
    guard let counter, failure == nil else { return nil }
    do throws(Unavailable) { return try counter() } catch {
      failure = error
      return nil
    }
  }

  /// What the counter saw of the operations alone: of their batches more than of the batches of the baseline. Nil where it
  /// could not be read.
  var counted: UInt64? {
    let sums = [operations, baselines].map { batches in
      batches.reduce(UInt64?(0)) { sum, batch in
        sum.flatMap { sum in batch.counted.map { sum &+ $0 } }
      }
    }
    guard let with = sums[0], let without = sums[1] else { return nil }
    return with &- without
  }
}
