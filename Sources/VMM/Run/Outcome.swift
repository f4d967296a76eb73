/// How a run ended. The first end wins; see ``MachineControl``.
public enum Outcome: Equatable, Sendable {
  /// The guest wrote its status, 0–31, to the debug-exit port.
  case exited(status: UInt8)
  /// The guest asked for a reset.
  case reset
  /// The guest halted with interrupts off where nothing can wake it.
  case halted
  /// The guest asked KVM for a shutdown or crash (KVM_EXIT_SYSTEM_EVENT).
  case systemEvent(type: UInt32)
  /// Triple fault, internal error or failed entry.
  case crashed(Crash)
  /// The run lasted as long as it may.
  case timeLimit
  /// The user ended it: a signal, or Ctrl-A x.
  case interrupted
  /// A call of the VMM itself failed.
  case failed(String)
}
