import CLinux
import Synchronization
import TestSupport
import Testing

@testable import VMM

@Suite("The clock's alarm")
struct ClockAlarmTests {
  /// Counts what rings it, and when.
  private final class Listener: Device, @unchecked Sendable {
    var rings: [UInt64] = []
    var alarm: ClockAlarm!

    init() { super.init(name: "listener", windows: []) }

    override func alarmRang() { rings.append(alarm.now) }
  }

  private let alarm: ClockAlarm
  private let listener = Listener()
  private let watch: Watch

  init() throws {
    alarm = try ClockAlarm.make()
    listener.alarm = alarm
    watch = alarm.watch(for: listener)
  }

  /// Whether the descriptor becomes readable within so many milliseconds.
  private func isReadable(within milliseconds: Int32) -> Bool {
    var item = pollfd(fd: watch.descriptor(), events: Int16(POLLIN), revents: 0)
    return unsafe poll(&item, 1, milliseconds) == 1
  }

  @Test("its clock only goes forward")
  func clock() {
    var last = alarm.now
    for _ in 0..<1000 {
      let now = alarm.now
      #expect(now >= last)
      last = now
    }
    #expect(last > 0)
  }

  @Test("it rings once, and not before its time")
  func ringsOnce() {
    let time = alarm.now + 2_000_000
    alarm.set(time)
    #expect(isReadable(within: 60_000))
    watch.serve()
    #expect(listener.rings.count == 1 && listener.rings[0] >= time)
    #expect(!isReadable(within: 0))
    watch.serve()
    #expect(listener.rings.count == 1)
  }

  @Test("a time that has passed rings at once, also the clock's first", arguments: [0, 1])
  func past(time: UInt64) {
    alarm.set(time)
    #expect(isReadable(within: 60_000))
    watch.serve()
    #expect(listener.rings.count == 1)
  }

  @Test("a later call replaces an earlier one, also one that has rung and was not heard")
  func replaced() {
    alarm.set(1)
    #expect(isReadable(within: 60_000))
    alarm.set(nil)
    #expect(!isReadable(within: 0))
    alarm.set(1)
    #expect(isReadable(within: 60_000))
    alarm.set(alarm.now + 3_600_000_000_000)
    watch.serve()
    #expect(listener.rings.isEmpty)
    alarm.set(1)
    watch.serve()
    #expect(listener.rings.count == 1)
  }
}
