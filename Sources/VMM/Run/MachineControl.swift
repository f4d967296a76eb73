import Synchronization

/// The handle by which a device, a signal or a timer ends the run.
public final class MachineControl: Sendable {
  private let first = Mutex<Outcome?>(nil)
  /// Read by every vCPU after every exit.
  @usableFromInline let stopping = Atomic<Bool>(false)
  private let wake: @Sendable () -> Void

  /// - Parameter wake: called once, by whichever thread ends the run first: brings the vCPUs out of KVM_RUN.
  public init(wake: @escaping @Sendable () -> Void = {}) {
    self.wake = wake
  }

  /// Ends the run. Later calls change nothing.
  public func stop(_ outcome: Outcome) {
    let isFirst = first.withLock { held in
      guard held == nil else { return false }
      held = outcome
      return true
    }
    guard isFirst else { return }
    stopping.store(true, ordering: .releasing)
    wake()
  }

  /// The run is over; the vCPUs leave their loops.
  public var isStopping: Bool { stopping.load(ordering: .acquiring) }

  /// Why the run ended, nil while it goes on.
  public var outcome: Outcome? { first.withLock { $0 } }
}
