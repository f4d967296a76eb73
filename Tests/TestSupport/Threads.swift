import Foundation

/// Runs `body` on `count` threads at once and waits for all of them. Real threads, not tasks: what is tested
/// spins and blocks.
public func onThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) {
  let all = DispatchGroup()
  for index in 0..<count {
    all.enter()
    Thread.detachNewThread {
      body(index)
      all.leave()
    }
  }
  all.wait()
}

/// Runs `body` on a thread of its own and does not wait for it.
public func onThread(_ body: @escaping @Sendable () -> Void) {
  Thread.detachNewThread(body)
}
