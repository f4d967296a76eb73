import CLinux
import KVM
import Synchronization
import VMM
import Witness

/// A thread that answers each request of the guest with an interrupt by irqfd, and with nothing else.
final class Answerer: Sendable {
  /// How the guest asks.
  enum Request: Sendable {
    /// A new value in a word of its memory; the thread spins, so that asking costs next to nothing.
    case word
    /// A doorbell; the thread sleeps in poll(2).
    case doorbell
  }

  private let memory: GuestMemory
  private let event: InterruptEvent
  private let stopping = Atomic<Bool>(false)
  private let stopped: WakeUp
  /// Of the word; 0 until the guest says so.
  private let address = Atomic<UInt64>(0)

  init(_ machine: Machine) throws(KVMError) {
    memory = machine.memory
    event = try machine.interruptEvent(BenchDevice.interrupt)
    stopped = try WakeUp()
  }

  /// The guest's word lies here.
  func watch(_ address: GuestAddress) {
    self.address.store(address, ordering: .releasing)
  }

  func stop() {
    stopping.store(true, ordering: .releasing)
    stopped.signal()
  }

  /// Answers until it is stopped.
  func answer(_ doorbell: Doorbell?) {
    if let doorbell {
      answerDoorbell(doorbell)
    } else {
      answerWord()
    }
  }

  private func answerDoorbell(_ doorbell: Doorbell) {
    while !stopping.load(ordering: .acquiring) {
      doorbell.wait(orFor: stopped)
      if doorbell.answer() > 0 { event.pulse() }
    }
  }

  private func answerWord() {
    var last: UInt32 = 0
    var turns = 0
    while !stopping.load(ordering: .acquiring) {
      turns &+= 1
      // Where there is one processor, the guest needs it too.
      if turns % 1024 == 0 { sched_yield() }
      if let value = requested, value != last {
        last = value
        event.pulse()
        // KVM hands an IOAPIC's interrupt to a kernel thread of this processor's, which is not to wait for the spinning.
        sched_yield()
      } else {
        linux_pause()
      }
    }
  }

  /// The word's value, nil as long as it is nowhere.
  private var requested: UInt32? {
    let address = address.load(ordering: .acquiring)
    return address == 0 ? nil : memory.view(at: address, count: 4)?.load(at: 0)
  }
}
