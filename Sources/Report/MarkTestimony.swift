import Synchronization
import Witness

/// What all witnesses said at the two marks of a guest: the first beginning counts, and the last end.
///
/// The exit that carries a mark has been counted by the kernel and not yet by the ledger, at either mark, so that the
/// differences are of the same exits.
public final class MarkTestimony: Sendable {
  private struct Marks {
    var begin: MachineWitness.Testimony?
    var end: MachineWitness.Testimony?
  }
  private let marks = Mutex(Marks())

  public init() {}

  /// Takes what all witnesses say at a mark.
  ///
  /// - Parameter testimony: asked at once, but not at a beginning behind the first, which does not count.
  public func take(isBegin: Bool, _ testimony: () -> MachineWitness.Testimony) {
    if isBegin {
      guard marks.withLock({ $0.begin == nil }) else { return }
      let begin = testimony()
      marks.withLock { $0.begin = begin }
    } else {
      let end = testimony()
      marks.withLock { $0.end = end }
    }
  }

  /// What came between the marks, nil where one is missing.
  var difference: RunReport.WindowWitness? {
    let (begin, end) = marks.withLock { ($0.begin, $0.end) }
    guard let begin, let end else { return nil }
    var kernel: [String: UInt64] = [:]
    for (before, after) in zip(begin.kernelDevices, end.kernelDevices) {
      guard let then = before.answered, let now = after.answered else { continue }
      kernel[after.name] = now &- then
    }
    return RunReport.WindowWitness(
      lines: zip(begin.lines, end.lines).map { $1.since($0) }, kernel: kernel)
  }
}
