import KVM
import Synchronization

/// The vCPU threads of a machine, as those see them who kick them and who wait for them.
final class Crew: Sendable {
  private struct State {
    var threads: [VCPUThread] = []
    var isRunning = false
  }
  private let state = Mutex(State())

  func add(_ thread: VCPUThread) {
    state.withLock { $0.threads.append(thread) }
  }

  /// Starts all threads, or, where one fails, none beyond it.
  func start() throws(KVMError) {
    let failure = state.withLock { state -> KVMError? in
      for (index, thread) in state.threads.enumerated() {
        do throws(KVMError) { try thread.start() } catch {
          state.threads.removeSubrange(index...)
          state.isRunning = true
          return error
        }
      }
      state.isRunning = true
      return nil
    }
    if let failure { throw failure }
  }

  /// Brings every vCPU out of KVM_RUN.
  func kickAll() {
    state.withLock { state in
      guard state.isRunning else { return }
      for thread in state.threads { thread.kick() }
    }
  }

  /// Tells the vCPU that takes interrupts from user space, the first, that one waits.
  func interruptArrived() {
    state.withLock { state in
      guard state.isRunning else { return }
      state.threads.first?.interruptArrived()
    }
  }

  /// Waits for all threads, which have been told to stop. The last kick is given here, for whoever told them
  /// may not have come to it yet, and must not kick a thread that is gone.
  func join() {
    let threads = state.withLock { state -> [VCPUThread] in
      guard state.isRunning else { return [] }
      for thread in state.threads { thread.kick() }
      state.isRunning = false
      return state.threads
    }
    for thread in threads { thread.join() }
  }

  var ledgers: [Ledger] { state.withLock { $0.threads.map(\.ledger) } }

  var vcpus: [VCPU] { state.withLock { $0.threads.map(\.vcpu) } }
}
