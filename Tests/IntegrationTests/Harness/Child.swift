import Foundation
import Synchronization
import TestSupport
import Testing

/// A process with three standard streams, no signal blocked or ignored, as a shell starts a command.
///
/// It does not outlive its test, nor stay behind as a zombie: the monitor of exit tests waits for any child, is given the
/// same zombie again and again, and never hears of its own.
final class Child: Sendable {
  /// What a standard stream of the child is.
  enum Stream {
    /// A descriptor of ours, which stays open here.
    case descriptor(Int32)
    /// A file or device, opened for reading and writing.
    case path(String)
    case closed
  }

  let id: pid_t
  /// What ``wait(limit:)`` returns, once it is known: from then on the kernel may give the number to another process.
  private let ending = Mutex<Int32?>(nil)

  /// - Parameter command: a program, looked up on PATH where it holds no slash, and its arguments.
  init(_ command: [String], _ streams: [Stream]) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (number, stream) in zip(Int32(0)..., streams) {
      switch stream {
      case .descriptor(let ours): unsafe posix_spawn_file_actions_adddup2(&actions, ours, number)
      case .path(let path): unsafe posix_spawn_file_actions_addopen(&actions, number, path, O_RDWR, 0)
      case .closed: unsafe posix_spawn_file_actions_addclose(&actions, number)
      }
    }
    // The tests' own threads block signals, which a child would inherit.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var words = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    var id: pid_t = 0
    let error = inheritance.withLock { _ in
      unsafe posix_spawnp(&id, command[0], &actions, &attributes, &words, environ)
    }
    try #require(error == 0, "cannot start \(command[0]): errno \(error)")
    self.id = id
  }

  deinit {
    send(SIGKILL)
    _ = wait()
  }

  /// Does nothing once somebody has waited for the end.
  func send(_ signal: Int32) {
    ending.withLock { known in
      guard known == nil else { return }
      kill(id, signal)
    }
  }

  /// Waits for the end: the exit status, or a negative signal number where a signal ended it; the same each time. A
  /// child that outlives every limit of every test is killed, for one test that hangs must not keep the others.
  func wait(limit: Duration = .seconds(90)) -> Int32 {
    let deadline = ContinuousClock.now + Lab.patience(limit)
    while true {
      if let status = reap() { return status }
      if ContinuousClock.now > deadline { send(SIGKILL) }
      usleep(1000)
    }
  }

  /// How it ended, nil while it runs.
  private func reap() -> Int32? {
    ending.withLock { known in
      if known != nil { return known }
      var status: Int32 = 0
      let reaped = unsafe waitpid(id, &status, WNOHANG)
      if reaped == 0 { return nil }
      let signal = status & 0x7f
      known = signal == 0 ? status >> 8 & 0xff : -signal
      if reaped != id {
        // ECHILD: the status went to somebody else, and 0 would be a success that nobody saw.
        Issue.record("how process \(id) ended is not known: somebody else has waited for it")
        known = Int32.min
      }
      return known
    }
  }
}

/// Held while descriptors are made that no child may inherit, and while a child is made: a pipe has no end as
/// long as some other test's child holds it open.
private let inheritance = Mutex(())

/// A pipe that no child inherits but by ``Child/Stream/descriptor(_:)``.
func makePipe() -> (reader: FileHandle, writer: FileHandle) {
  inheritance.withLock { _ in
    let pipe = Pipe()
    for handle in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
      _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    return (pipe.fileHandleForReading, pipe.fileHandleForWriting)
  }
}

/// Waits until `condition` holds, which something else is about to bring about; fails when it never does.
func wait(for what: Comment, until condition: () throws -> Bool) throws {
  let deadline = ContinuousClock.now + Lab.patience(.seconds(20))
  while try !condition() {
    try #require(ContinuousClock.now < deadline, what)
    usleep(1000)
  }
}
