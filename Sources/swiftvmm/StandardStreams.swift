import CLinux
import Guests
import KVM

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
    throw .usage(KVMError("stdout", errno: linux_errno()).description)
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
