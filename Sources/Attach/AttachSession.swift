import CLinux
import HostFacts
import KVM

/// Counts until the time is over, somebody stops it, or the target ends.
public struct AttachSession {
  private let attachment: Attachment
  private let host: HostFacts

  /// How often the rings are looked at and threads looked for, at least.
  private static let tick = Duration.milliseconds(20)

  public init(_ attachment: Attachment, host: HostFacts) {
    self.attachment = attachment
    self.host = host
  }

  /// Counts to the end; the final report.
  ///
  /// - Parameters:
  ///   - limit: nil for none.
  ///   - stop: a descriptor; readable when counting is to end.
  ///   - interval: between two calls of `show`, the first of them at once.
  ///   - show: takes the report so far.
  /// - Throws: ``KVMError`` where a call to the kernel failed.
  public func run(
    limit: Duration?, stop: Int32, interval: Duration, show: ((AttachReport) -> Void)?
  ) throws(KVMError) -> AttachReport {
    let deadline = limit.map { ContinuousClock.now + $0 }
    var next = ContinuousClock.now
    var end: AttachReport.End?
    while end == nil {
      if let show, ContinuousClock.now >= next {
        try attachment.update()
        show(report(end: nil))
        next += interval
      }
      let left = deadline.map { ContinuousClock.now.duration(to: $0) } ?? Self.tick
      let ready = try attachment.wait(
        for: [attachment.target.pollDescriptor, stop], timeout: max(.zero, min(Self.tick, left)))
      if ready[0] {
        end = .targetEnded
      } else if ready[1] {
        end = .interrupted
      } else if let deadline, ContinuousClock.now >= deadline {
        end = .duration
      }
    }
    try attachment.stop()
    return report(end: end)
  }

  private func report(end: AttachReport.End?) -> AttachReport {
    AttachReport(attachment, host: host, end: end)
  }
}
