import CLinux
import HostFacts
import KVM

/// What /proc tells of a process (proc(5)).
struct ProcessFolder: Sendable {
  let pid: pid_t

  private var path: String { "/proc/\(pid)" }

  /// The threads that there are now.
  ///
  /// - Throws: ``KVMError`` with the errno of opendir(3): ENOENT where the process is gone.
  func threads() throws(KVMError) -> [pid_t] {
    try names(in: "task").compactMap { pid_t($0) }
  }

  /// The name of a thread, nil where it is gone.
  func name(of thread: pid_t) -> String? {
    KernelFile.firstLine(of: "\(path)/task/\(thread)/comm")
  }

  /// The process that a number belongs to, which may be that of a thread; nil where there is none.
  var process: pid_t? {
    KernelFile.contents(of: "\(path)/status")?.split(separator: "\n").first { $0.hasPrefix("Tgid:") }
      .flatMap { pid_t($0.dropFirst(5).drop(while: \.isWhitespace)) }
  }

  /// What the process's descriptors stand for: a path, or a name like `anon_inode:kvm-vm`.
  func descriptors() throws(KVMError) -> [String] {
    try names(in: "fd").compactMap { name in
      var target = [UInt8](repeating: 0, count: 256)
      let length = unsafe target.withUnsafeMutableBytes {
        unsafe readlink("\(path)/fd/\(name)", $0.baseAddress!, $0.count)
      }
      return length < 0 ? nil : String(decoding: target[..<length], as: UTF8.self)
    }
  }

  private func names(in folder: String) throws(KVMError) -> [String] {
    guard let open = unsafe opendir("\(path)/\(folder)") else {
      throw KVMError("\(path)/\(folder)", errno: linux_errno())
    }
    defer { unsafe closedir(open) }
    var names: [String] = []
    while let name = unsafe linux_next_name(open) {
      let text = unsafe String(cString: name)
      if !text.hasPrefix(".") { names.append(text) }
    }
    return names
  }
}
