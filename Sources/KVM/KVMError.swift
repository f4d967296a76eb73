import CLinux

/// A call to KVM that failed: which, why, and what to do about it.
public struct KVMError: Error, Equatable, CustomStringConvertible {
  /// The request or the file, by its name in the KVM documentation.
  public let call: String
  /// The kernel's answer, an errno; 0 where the call succeeded with an answer that is no use.
  public let errno: Int32
  /// What the user can do, or the answer that is no use.
  public let advice: String

  public init(_ call: String, errno: Int32, advice: String = "") {
    self.call = call
    self.errno = errno
    self.advice = advice
  }

  public var description: String {
    var text = call
    if errno != 0 { text += unsafe ": " + String(cString: strerror(errno)) }
    if !advice.isEmpty { text += (errno == 0 ? ": " : "; ") + advice }
    return text
  }
}

/// Throws what a call of CKVM or CLinux answered, if it is a negative errno.
func check(
  _ result: Int, _ call: StaticString, advice: @autoclosure () -> String = ""
) throws(KVMError) -> Int {
  guard result < 0 else { return result }
  throw KVMError("\(call)", errno: Int32(truncatingIfNeeded: -result), advice: advice())
}
