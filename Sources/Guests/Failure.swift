import KVM
import Report
import VMM

/// Why a command ends without having done its work, or how the guest's run ended: an exit status, and the one
/// line that goes with it.
public struct Failure: Error {
  public let status: Int32
  public let message: String?

  /// Something that the user gave is wrong.
  public static func usage(_ message: String) -> Failure {
    Failure(status: ExitStatus.usage, message: message)
  }

  /// The run's own status, which its report has explained.
  public static func status(_ status: Int32) -> Failure { Failure(status: status, message: nil) }

  /// - Parameter message: the line, without the program's name in front; nil where all has been said.
  public init(status: Int32, message: String?) {
    self.status = status
    self.message = message
  }

  /// A machine that cannot be made: the user's mistake, or what KVM or the host refuses.
  public init(_ error: MachineError) {
    self.init(status: error.isUsersMistake ? ExitStatus.usage : ExitStatus.kvm, message: error.description)
  }

  /// A call to KVM or to the system failed.
  public init(_ error: KVMError) {
    self.init(status: ExitStatus.kvm, message: error.description)
  }
}
