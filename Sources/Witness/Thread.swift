import CLinux

/// A thread that does one thing and is waited for.
package final class Thread {
  private final class Body {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
      self.run = run
    }
  }

  private var thread = pthread_t()

  /// Starts it; nil where the system has no thread to give.
  package init?(_ run: @escaping () -> Void) {
    let body = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, body)
    guard result == 0 else {
      unsafe Unmanaged<Body>.fromOpaque(body).release()
      return nil
    }
  }

  /// Waits for its end. Once.
  package func join() {
    _ = pthread_join(thread, nil)
  }
}
