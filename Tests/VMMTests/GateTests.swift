import Synchronization
import TestSupport
import Testing

@testable import VMM

/// One thread at a time in a device.
@Suite struct GateTests {
  /// What a device is: state without a lock of its own.
  private final class Unguarded: @unchecked Sendable {
    var count = 0
    var inside = 0
    var worst = 0
  }

  @Test func `four threads lose no step of a count that has no lock but the gate`() {
    let gate = SharedGate()
    let state = Unguarded()
    onThreads(4) { _ in
      for _ in 0..<20_000 {
        gate.gate.close()
        state.inside += 1
        state.worst = max(state.worst, state.inside)
        state.count += 1
        state.inside -= 1
        gate.gate.open()
      }
    }
    #expect(state.count == 80_000)
    #expect(state.worst == 1)
  }

  private final class SharedGate: Sendable {
    let gate = Gate()
  }

  @Test func `code of a device's other thread and its accesses exclude each other`() {
    let device = Device(name: "d", windows: [])
    let state = Unguarded()
    onThreads(3) { thread in
      for _ in 0..<10_000 {
        if thread == 0 {
          device.gate.close()
          state.count += 1
          device.gate.open()
        } else {
          device.exclusively { state.count += 1 }
        }
      }
    }
    #expect(state.count == 30_000)
  }

  @Test func `an error on the way out leaves the gate open`() {
    struct Refusal: Error {}
    let device = Device(name: "d", windows: [])
    #expect(throws: Refusal.self) { try device.exclusively { throw Refusal() } }
    #expect(device.exclusively { 5 } == 5)
  }
}
