import CLinux
import KVM

/// Rings every 100 ms, once started: then a far end that went away is looked for.
struct RetryTimer: ~Copyable {
  /// Nanoseconds.
  private static let interval: UInt64 = 100_000_000
  private let timer: Descriptor

  init() throws(KVMError) {
    let number = linux_make_timer()
    guard number >= 0 else { throw KVMError("timerfd_create", errno: Int32(-number)) }
    timer = Descriptor(owning: Int32(number))
  }

  /// For poll(2): readable once it has rung.
  var number: Int32 { timer.number }

  func start() { linux_set_timer(timer.number, linux_monotonic_time() &+ Self.interval) }

  func stop() { linux_set_timer(timer.number, 0) }

  /// Whether it has rung since this was asked last; then it rings again.
  func hasRung() -> Bool {
    var rings: UInt64 = 0
    guard unsafe linux_read(timer.number, &rings, MemoryLayout<UInt64>.size) > 0 else { return false }
    start()
    return true
  }
}
