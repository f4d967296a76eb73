import Synchronization
import TestSupport
import Testing
import VMM

@Suite("A thread of a device's own")
struct DeviceThreadTests {
  @Test("Sleeps until it is woken, also by a wake-up that came before, and ends when it is told to")
  func wake() throws {
    let thread = try DeviceThread(name: "test")
    let asked = Atomic<Int>(0)
    let answered = try WakeUp()
    thread.wake()
    try thread.start {
      var waits = WaitSet([thread.descriptor, -1])
      while !thread.isStopping {
        waits.wait()
        guard waits.isReady(0), !waits.isReady(1) else { continue }
        thread.forgetWake()
        asked.add(1, ordering: .relaxed)
        answered.signal()
      }
    }
    for round in 1...1000 {
      answered.wait()
      #expect(asked.load(ordering: .relaxed) == round)
      if round < 1000 { thread.wake() }
    }
    thread.stop()
    thread.stop()
  }

  @Test("A device knows that a thread waits for it, until that thread is in")
  func awaited() throws {
    let device = Device(name: "d", windows: [])
    let done = try WakeUp()
    #expect(!device.isAwaited)
    device.exclusively {
      onThread { device.exclusively { done.signal() } }
      // Without the count of those who wait this would never end.
      while !device.isAwaited {}
    }
    done.wait()
    device.exclusively { #expect(!device.isAwaited) }
  }

  @Test("A set of descriptors says which of them is readable, and takes others in their places")
  func waitSet() throws {
    let first = try WakeUp()
    let second = try WakeUp()
    var waits = WaitSet([first.number, -1])
    first.signal()
    waits.wait()
    #expect(waits.isReady(0) && !waits.isReady(1))
    first.clear()
    second.signal()
    waits.replace(1, by: second.number)
    waits.wait()
    #expect(!waits.isReady(0) && waits.isReady(1))
  }
}
