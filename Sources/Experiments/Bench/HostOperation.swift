import CKVM
import CLinux
import KVM
import VMM

/// What a row without a guest repeats.
enum HostOperation: Sendable {
  case getpid
  case checkExtension
  case run
  case record
  case dispatch

  /// Who counts it beside us.
  var witness: BenchWitness.Source {
    switch self {
    case .getpid: .tracepoint("syscalls:sys_enter_getpid")
    case .checkExtension: .tracepoint("syscalls:sys_enter_ioctl", "cmd == \(KVM_CHECK_EXTENSION_)")
    case .run: .tracepoint("kvm_userspace_exit")
    case .record, .dispatch: .ledger(device: "", register: "")
    }
  }

  /// Operations in one sample: what is no longer than a step of the counter needs company.
  var group: Int {
    switch self {
    case .getpid, .checkExtension, .run: 1
    case .record, .dispatch: 16
    }
  }

  static let samples = 2000
  static let batches = 20
}

/// What the rows without a guest work on: /dev/kvm, a vCPU that never runs, and our exit path without KVM.
final class HostBench {
  private let system: System
  private let vcpu: VCPU
  /// Keeps the vCPU's machine.
  private let machine: VirtualMachine
  private let rehearsal: Rehearsal
  /// Of the time-stamp counter, in kHz.
  let timestampKHz: Int

  /// - Throws: ``MachineError`` where KVM cannot be used.
  init() throws(MachineError) {
    do throws(KVMError) {
      system = try System()
      try system.require([.immediateExit])
      machine = try system.makeVirtualMachine()
      vcpu = try machine.makeVCPU(0)
      guard let frequency = vcpu.timestampFrequency else {
        throw KVMError("KVM_GET_TSC_KHZ", errno: 0, advice: "this host's time-stamp counter keeps no time")
      }
      timestampKHz = frequency
    } catch { throw .kvm(error) }
    vcpu.requestExit()
    rehearsal = try Rehearsal()
  }

  /// One operation more.
  func repeatOnce(_ operation: HostOperation) {
    switch operation {
    case .getpid: _ = getpid()
    case .checkExtension: _ = system.value(of: .irqchip)
    case .run: _ = ckvm_run(vcpu.number)
    case .record: rehearsal.record()
    case .dispatch: rehearsal.dispatch()
    }
  }

  /// How often the ledger says that it was done, for those that it sees.
  func ledgerCount(of operation: HostOperation) -> UInt64? {
    switch operation {
    case .record: rehearsal.recorded
    case .dispatch: rehearsal.dispatched
    default: nil
    }
  }

  /// Takes samples of an operation and of none, in batches by turns.
  func measure(_ operation: HostOperation, count: Int, batches: Int) -> RawMeasurement {
    var raw = RawMeasurement(group: operation.group)
    for _ in 0..<batches {
      raw.addBaseline(batch(count, of: operation.group) {})
      raw.addOperation(batch(count, of: operation.group) { repeatOnce(operation) })
    }
    return raw
  }

  private func batch(
    _ count: Int, of group: Int, _ body: () -> Void
  ) -> (ticks: [UInt32], seconds: Double) {
    var ticks = [UInt32](repeating: 0, count: count)
    let began = ContinuousClock.now
    for index in 0..<count {
      let start = ckvm_timestamp()
      for _ in 0..<group { body() }
      ticks[index] = ckvm_timestamp() &- start
    }
    return (ticks, began.duration(to: .now) / .seconds(1))
  }
}
