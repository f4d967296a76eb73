import CLinux
import Synchronization

/// Lets one thread at a time into a device.
///
/// Nearly always open, for a device belongs to one vCPU at a time: entering is one exchange, in line, without
/// a call. A thread that finds it closed waits out of line, first spinning, then giving up its time slice.
@usableFromInline
struct Gate: ~Copyable, Sendable {
  @usableFromInline let closed = Atomic<Bool>(false)

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

  @usableFromInline @inline(never)
  func wait() {
    var turns = 0
    repeat {
      while closed.load(ordering: .relaxed) {
        turns &+= 1
        if turns & 0x3f == 0 { _ = sched_yield() } else { linux_pause() }
      }
    } while closed.exchange(true, ordering: .acquiring)
  }
}
