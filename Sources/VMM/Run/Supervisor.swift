import CLinux
import KVM

/// Waits for a machine to end, and meanwhile serves what is not a vCPU's business: the time limit, signals,
/// the user's input.
///
/// It runs on the thread that calls ``run(_:limit:)``; ``Signals/prepare()`` has been called before.
public struct Supervisor: ~Copyable {
  private let stopped: WakeUp
  private let signals: Descriptor
  private let watches: [Watch]

  /// - Parameters:
  ///   - stopped: signalled when the machine's control says stop.
  ///   - watches: what else to serve.
  public init(stopped: WakeUp, watches: [Watch] = []) throws(KVMError) {
    signals = try Signals.open()
    self.stopped = stopped
    self.watches = watches
  }

  /// Serves until the machine has stopped, or stops it: after `limit`, or when a signal asks for the end.
  ///
  /// - Parameter settled: called once, where the machine runs for at least 100 ms: what need not be done at its start.
  public borrowing func run(_ control: MachineControl, limit: Duration, settled: () -> Void = {}) {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var settling: ContinuousClock.Instant? = clock.now + .milliseconds(100)
    while !control.isStopping {
      let now = clock.now
      guard now < deadline else {
        control.stop(.timeLimit)
        return
      }
      if let time = settling, now >= time {
        settling = nil
        settled()
      }
      let left = now.duration(to: min(deadline, settling ?? deadline))
      var items = [stopped.number, signals.number].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      items += watches.map { pollfd(fd: $0.descriptor(), events: Int16(POLLIN), revents: 0) }
      _ = unsafe poll(&items, nfds_t(items.count), left.pollTimeout)
      if items[1].revents != 0 { control.stop(.interrupted) }
      for (watch, item) in zip(watches, items.dropFirst(2)) where item.revents != 0 { watch.serve() }
    }
  }
}

extension Duration {
  /// For poll(2): whole milliseconds, rounded up so that a wait never ends just before its time.
  fileprivate var pollTimeout: Int32 {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 + 1
    return Int32(min(milliseconds, 3_600_000))
  }
}
