import CLinux
import KVM
import Loaders
import Report
import VMM

/// Why a command ends without having done its work, or how the guest's run ended: an exit status, and the one
/// line that goes with it.
struct Failure: Error {
  let status: Int32
  let message: String?

  /// Something that the user gave is wrong.
  static func usage(_ message: String) -> Failure { Failure(status: ExitStatus.usage, message: message) }

  /// The run's own status, which its report has explained.
  static func status(_ status: Int32) -> Failure { Failure(status: status, message: nil) }

  init(status: Int32, message: String?) {
    self.status = status
    self.message = message
  }

  init(_ error: MachineError) {
    self.init(status: error.isUsersMistake ? ExitStatus.usage : ExitStatus.kvm, message: error.description)
  }

  init(_ error: KVMError) {
    self.init(status: ExitStatus.kvm, message: error.description)
  }
}

/// One line to the user.
func complain(_ message: String) {
  writeToStandardError("swiftvmm: \(message)\n")
}

func writeToStandardError(_ text: String) {
  write(text, to: STDERR_FILENO)
}

/// What a command is for. An output that does not take it is a failure.
func writeToStandardOutput(_ text: String) throws(Failure) {
  guard writeAll(Array(text.utf8), to: STDOUT_FILENO) else {
    throw Failure(status: 1, message: KVMError("stdout", errno: linux_errno()).description)
  }
}

/// Writes all of `text`; a reader that went away is nobody to complain to.
func write(_ text: String, to descriptor: Int32) {
  writeAll(Array(text.utf8), to: descriptor)
}

/// Ends the program at once: nothing is left to clean up that the kernel would not.
func finish(_ status: Int32) -> Never {
  exit(status)
}
