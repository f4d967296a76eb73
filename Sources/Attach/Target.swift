import CLinux
import HostFacts
import KVM

/// A process that runs a virtual machine of KVM, ours or anybody's.
public final class Target: Sendable {
  public let pid: pid_t
  /// Name of the process's first thread.
  public let command: String
  /// How many virtual machines and vCPUs it had when it was looked at.
  public let machines: Int
  public let vcpus: Int
  let folder: ProcessFolder
  /// Becomes readable when the process has ended, after which its number may become another's.
  private let handle: Descriptor

  /// Looks at a process, and changes nothing of it.
  ///
  /// - Throws: ``AttachError`` where there is none, where it runs no virtual machine, or where the user may not look.
  public init(_ pid: pid_t) throws(AttachError) {
    folder = ProcessFolder(pid: pid)
    if let process = folder.process, process != pid {
      throw AttachError("\(pid) is a thread of process \(process): attach to \(process)")
    }
    let number = linux_open_process(pid)
    guard number >= 0 else {
      throw AttachError(
        number == -Int(ESRCH)
          ? "there is no process \(pid)"
          : KVMError("pidfd_open of process \(pid)", errno: Int32(-number)).description)
    }
    handle = Descriptor(owning: Int32(number))
    command = folder.name(of: pid) ?? "?"
    let files = folder.descriptors
    if Self.hasEnded(handle.number) { throw AttachError("process \(pid) (\(command)) has just ended") }
    guard let files else {
      throw AttachError(
        "process \(pid) (\(command)) is not yours to look into: run as root, or as its user with CAP_PERFMON")
    }
    machines = files.count { $0 == "anon_inode:kvm-vm" }
    vcpus = files.count { $0.hasPrefix("anon_inode:kvm-vcpu") }
    self.pid = pid
    guard machines > 0 else {
      throw AttachError(
        "process \(pid) (\(command)) has no virtual machine of KVM; its /proc/\(pid)/fd shows none as anon_inode:kvm-vm"
      )
    }
  }

  /// Readable, for poll(2), once the process has ended.
  var pollDescriptor: Int32 { handle.number }

  var hasEnded: Bool { Self.hasEnded(handle.number) }

  private static func hasEnded(_ handle: Int32) -> Bool {
    var item = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&item, 1, 0) == 1
  }
}
