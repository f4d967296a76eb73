import CLinux
import KVM
import VMM
import Witness

/// A thread that interrupts the running guest of the image `survey` by irqfd, each time that it has taken the interrupt
/// before.
final class InterruptSource: @unchecked Sendable {
  /// GuestImages/survey/survey.h: the guest's word, which says what interrupt it waits for, and its line.
  private static let turn: GuestAddress = 0x6000
  private static let interrupt = 10

  private let event: InterruptEvent
  private let machine: Machine
  private let count: UInt64
  /// Written before the run's thread comes back to whoever joins.
  private var thread: Thread?

  init(_ machine: Machine, count: UInt64) throws(KVMError) {
    event = try machine.interruptEvent(Self.interrupt)
    self.machine = machine
    self.count = count
  }

  /// Begins, once the machine runs.
  func start() {
    thread = Thread { [self] in run() }
  }

  /// Waits for its end, after the machine's.
  func join() {
    thread?.join()
    thread = nil
  }

  /// Interrupts until the guest has enough, or its run is over.
  private func run() {
    let word = machine.memory.view(at: Self.turn, count: 8)!
    var taken: UInt64 = 0
    var turns = 0
    while taken < count, !machine.control.isStopping {
      if word.load(UInt64.self, at: 0) == taken + 1 {
        taken += 1
        event.pulse()
      } else {
        turns &+= 1
        // The vCPU may want this processor.
        if turns & 0x3ff == 0 { _ = sched_yield() } else { linux_pause() }
      }
    }
  }
}
