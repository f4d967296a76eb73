import Synchronization
import TestSupport
import Testing

@testable import VMM

/// Ending a run: the first who says so wins.
@Suite struct MachineControlTests {
  @Test func `the first end is the outcome, and wakes once`() {
    let wakes = Counter()
    let control = MachineControl { wakes.add() }
    #expect(!control.isStopping)
    #expect(control.outcome == nil)
    control.stop(.reset)
    control.stop(.exited(status: 3))
    control.stop(.reset)
    #expect(control.outcome == .reset)
    #expect(control.isStopping)
    #expect(wakes.value == 1)
  }

  @Test func `whoever wakes up finds the outcome`() {
    let seen = Mutex<[Outcome?]>([])
    let holder = Holder()
    let control = MachineControl { seen.withLock { $0.append(holder.control?.outcome) } }
    holder.control = control
    control.stop(.timeLimit)
    #expect(seen.withLock { $0 } == [.timeLimit])
    holder.control = nil
  }

  @Test func `of four threads that end the run at once one wins, and all see the same outcome`() {
    for _ in 0..<200 {
      let wakes = Counter()
      let seen = Mutex<[Outcome?]>([])
      let control = MachineControl { wakes.add() }
      onThreads(4) { thread in
        control.stop(.exited(status: UInt8(thread)))
        let outcome = control.outcome
        seen.withLock { $0.append(outcome) }
      }
      #expect(wakes.value == 1)
      #expect(seen.withLock { $0 } == Array(repeating: control.outcome, count: 4))
    }
  }

  private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
  }

  private final class Holder: @unchecked Sendable {
    var control: MachineControl?
  }
}
