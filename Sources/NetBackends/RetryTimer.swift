import CLinux
import KVM

/// Rings every 100 ms, once started: then a far end that went away is looked for.
struct RetryTimer: ~Copyable {
  private static let milliseconds = 100
  private let timer: Descriptor

  init() throws(KVMError) {
    let number = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK | TFD_CLOEXEC))
    guard number >= 0 else { throw KVMError("timerfd_create", errno: linux_errno()) }
    timer = Descriptor(owning: number)
  }

  /// For poll(2): readable once it has rung.
  var number: Int32 { timer.number }

  func start() { set(Self.milliseconds) }

  func stop() { set(0) }

  private func set(_ milliseconds: Int) {
    let time = timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000)
    var setting = itimerspec(it_interval: time, it_value: time)
    _ = unsafe timerfd_settime(timer.number, 0, &setting, nil)
  }

  /// Whether it has rung since this was asked last.
  func hasRung() -> Bool {
    var rings: UInt64 = 0
    return unsafe linux_read(timer.number, &rings, MemoryLayout<UInt64>.size) > 0
  }
}
