import CLinux
import Synchronization

/// Lets one thread at a time into a device.
///
/// Nearly always open, for a device belongs to one vCPU at a time: entering is one exchange, in line, without
/// a call. A thread that finds it closed waits out of line, first spinning, then giving up its time slice.
@usableFromInline
struct Gate: ~Copyable, Sendable {
  @usableFromInline let closed = Atomic<Bool>(false)
  /// Threads that found the gate closed and have not come in yet.
  private let waiting = Atomic<Int>(0)

  @usableFromInline init() {}

  @inlinable
  func close() {
    if closed.exchange(true, ordering: .acquiring) { wait() }
  }

  /// Closes the gate unless another thread has.
  func tryToClose() -> Bool {
    !closed.exchange(true, ordering: .acquiring)
  }

  @inlinable
  func open() {
    closed.store(false, ordering: .releasing)
  }

  /// Whether a thread waits. It does not queue: one that closes the gate again and again asks this in between, or it
  /// could come in first for ever.
  var isAwaited: Bool { waiting.load(ordering: .relaxed) > 0 }

  @usableFromInline @inline(never)
  func wait() {
    waiting.add(1, ordering: .relaxed)
    defer { waiting.subtract(1, ordering: .relaxed) }
    var turns = 0
    repeat {
      while closed.load(ordering: .relaxed) {
        turns &+= 1
        if turns & 0x3f == 0 { _ = sched_yield() } else { linux_pause() }
      }
    } while closed.exchange(true, ordering: .acquiring)
  }
}
