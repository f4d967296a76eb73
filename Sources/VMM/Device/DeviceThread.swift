import CLinux
import KVM
import Synchronization

/// A thread of a device's own, from ``Device/start()`` to ``Device/stop()``.
public final class DeviceThread: Sendable {
  /// As ps(1) shows it, with at most 15 bytes.
  private let name: String
  private let wakeUp: WakeUp
  private let stopping = Atomic<Bool>(false)
  private let thread = Mutex<pthread_t?>(nil)

  /// - Throws: ``KVMError`` where the system has no eventfd to give.
  public init(name: String) throws(KVMError) {
    self.name = name
    wakeUp = try WakeUp()
  }

  /// Begins with `body`, which returns soon after ``isStopping`` has become true.
  ///
  /// - Throws: ``KVMError`` where the system has no thread to give.
  public func start(_ body: @escaping @Sendable () -> Void) throws(KVMError) {
    let work = unsafe Unmanaged.passRetained(ThreadWork(name: name, body: body))
    var new = pthread_t()
    let result = unsafe pthread_create(&new, nil, deviceThreadMain, work.toOpaque())
    guard result == 0 else {
      unsafe work.release()
      throw KVMError("pthread_create", errno: result)
    }
    thread.withLock { [new] in $0 = new }
  }

  /// Ends the thread, if there is one, and waits for its end.
  public func stop() {
    stopping.store(true, ordering: .releasing)
    wake()
    if let thread = thread.withLock({ $0.take() }) { _ = pthread_join(thread, nil) }
  }

  public var isStopping: Bool { stopping.load(ordering: .acquiring) }

  /// Ends the thread's sleep, or the next one if it is awake. Any thread may call it.
  public func wake() {
    wakeUp.signal()
  }

  /// For a ``WaitSet``: readable once woken, until ``forgetWake()``.
  public var descriptor: Int32 { wakeUp.number }

  /// For the thread itself, before it looks for work.
  public func forgetWake() {
    wakeUp.clear()
  }

  /// A moment of a thread that looks for something again and again: the first moments are short, and each later one
  /// leaves the processor to whoever wants it.
  ///
  /// - Parameter turns: the moments so far, without a find.
  public static func idle(_ turns: inout Int) {
    turns &+= 1
    if turns < 64 { linux_pause() } else { yield() }
  }

  /// Leaves the processor to whoever wants it.
  public static func yield() {
    _ = sched_yield()
  }
}

private final class ThreadWork: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func deviceThreadMain(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  let work = unsafe Unmanaged<ThreadWork>.fromOpaque(work!).takeRetainedValue()
  unsafe linux_name_thread(work.name)
  work.body()
  return nil
}
