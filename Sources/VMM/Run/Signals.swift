import CLinux
import KVM

/// The signals of a machine: one that kicks vCPUs out of KVM_RUN, and those that end the run.
public enum Signals {
  /// Interrupts KVM_RUN with EINTR; its handler does nothing.
  static let kick = SIGUSR1
  /// What the user or the system sends to end a program; read from a descriptor, never handled.
  static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

  /// Prepares the process, on its first thread and before any other: the ending signals wait to be read, a
  /// reader of stdout that goes away is an error of write(2), not a death.
  public static func prepare() {
    var set = endingSet
    _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    linux_interrupt_by(kick)
    linux_ignore(SIGPIPE)
  }

  /// Gives the calling thread the mask of a vCPU's: the kick comes through, the ending signals do not,
  /// whatever the mask that it has from the thread that made it.
  static func admitKick() {
    var ending = endingSet
    _ = unsafe pthread_sigmask(SIG_BLOCK, &ending, nil)
    var set = sigset_t()
    _ = unsafe sigemptyset(&set)
    _ = unsafe sigaddset(&set, kick)
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// A descriptor that is readable once an ending signal has come. ``prepare()`` has been called before.
  public static func open() throws(KVMError) -> Descriptor {
    var set = endingSet
    let number = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard number >= 0 else { throw KVMError("signalfd", errno: linux_errno()) }
    return Descriptor(owning: number)
  }

  /// The ending signals as a set.
  private static var endingSet: sigset_t {
    var set = sigset_t()
    _ = unsafe sigemptyset(&set)
    for signal in ending { _ = unsafe sigaddset(&set, signal) }
    return set
  }
}
