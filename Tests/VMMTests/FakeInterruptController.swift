import Synchronization

@testable import VMM

/// The least that a user-space interrupt controller is: a queue of vectors.
final class FakeInterruptController: UserInterruptController {
  private struct State {
    var pending: [UInt8] = []
    var looks = 0
    var onLook: [Int: @Sendable () -> Void] = [:]
  }
  private let state = Mutex(State())
  private let request = Mutex<@Sendable () -> Void>({})

  /// Asserts INTR with a vector behind it, from any thread.
  func raise(_ vector: UInt8) {
    state.withLock { $0.pending.append(vector) }
    request.withLock { $0 }()
  }

  /// Calls `body` when the vCPU's thread looks for an interrupt for the `number`th time from now.
  func onLook(_ number: Int, _ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.onLook[$0.looks + number] = body }
  }

  var hasPending: Bool {
    let body = state.withLock { state in
      state.looks += 1
      return state.onLook.removeValue(forKey: state.looks)
    }
    body?()
    return state.withLock { !$0.pending.isEmpty }
  }

  func acknowledge() -> UInt8 { state.withLock { $0.pending.removeFirst() } }

  func line(_ number: Int) -> InterruptLine { InterruptLine() }

  func onInterruptRequest(_ body: @escaping @Sendable () -> Void) {
    request.withLock { $0 = body }
  }
}
