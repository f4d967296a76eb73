import KVM
import VMM

/// A machine that runs a few bytes of machine code, for tests of the core without any image or loader.
public struct FlatGuest {
  public let machine: Machine
  private let stopped = WakeUp.make()

  /// - Parameters:
  ///   - code: loaded and entered at `address`.
  ///   - mode: real mode unless told otherwise.
  ///   - pageTables: CR3 for long mode; the tables are the test's to write.
  public init(
    _ code: [UInt8], mode: EntryState.Mode = .real, at address: UInt64 = 0x1000,
    configuration: MachineConfiguration = MachineConfiguration(),
    interrupts: (any UserInterruptController)? = nil, pageTables: GuestAddress = 0
  ) throws {
    Signals.prepare()
    machine = try Machine(
      configuration, on: try System(), interrupts: interrupts, onStop: { [stopped] in stopped.signal() })
    machine.memory.view(at: address, count: code.count)!.copy(from: code)
    var entry = EntryState(mode, at: address)
    entry.pageTables = pageTables
    self.entry = entry
  }
  private let entry: EntryState

  /// Starts the guest, which ``stop()`` ends.
  public func start(_ devices: [Device]) throws {
    try machine.start(entry, devices: devices)
  }

  /// Ends a guest that was started.
  public func stop() {
    machine.control.stop(.interrupted)
    machine.join()
  }

  /// Runs the guest to its end.
  public func run(
    _ devices: [Device], limit: Duration = .seconds(20),
    prepare: (VCPU) throws(KVMError) -> Void = { _ throws(KVMError) in }
  ) throws -> Outcome {
    try machine.start(entry, devices: devices, prepare: prepare)
    try Supervisor(stopped: stopped).run(machine.control, limit: limit)
    machine.join()
    return machine.control.outcome!
  }
}

extension WakeUp {
  fileprivate static func make() -> WakeUp { try! WakeUp() }
}
