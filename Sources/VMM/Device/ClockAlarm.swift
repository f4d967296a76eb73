import CLinux
import KVM

/// The alarm of a running machine: the host's monotonic clock, and a timer of it (timerfd(2)) that the thread which
/// supervises the machine waits for.
public final class ClockAlarm: Alarm, @unchecked Sendable {
  private let timer: Descriptor

  /// - Throws: ``KVMError`` with the errno of timerfd_create(2).
  public static func make() throws(KVMError) -> ClockAlarm {
    let number = linux_make_timer()
    guard number >= 0 else { throw KVMError("timerfd_create", errno: Int32(-number)) }
    return ClockAlarm(Descriptor(owning: Int32(number)))
  }

  private init(_ timer: consuming Descriptor) {
    self.timer = timer
    super.init()
  }

  public override var now: UInt64 { linux_monotonic_time() }

  public override func set(_ time: UInt64?) {
    // A time of zero would stop the timer; the clock is past its first nanosecond.
    linux_set_timer(timer.number, time.map { max($0, 1) } ?? 0)
  }

  /// What rings `device`, to which this alarm was handed: for the thread that supervises the machine.
  public func watch(for device: Device) -> Watch {
    Watch(
      descriptor: { self.timer.number },
      serve: {
        device.exclusively {
          // Set anew since it rang, it has nothing to read.
          var rings: UInt64 = 0
          guard unsafe read(self.timer.number, &rings, 8) == 8 else { return }
          device.alarmRang()
        }
      })
  }
}
