import CLinux
import HostFacts

/// What /proc tells of a process (proc(5)).
struct ProcessFolder: Sendable {
  let pid: pid_t

  private var path: String { "/proc/\(pid)" }

  /// The threads that there are now, nil where the process is gone.
  var threads: [pid_t]? {
    KernelFile.names(in: "\(path)/task")?.compactMap { pid_t($0) }
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

  /// What the process's descriptors stand for: a path, or a name like `anon_inode:kvm-vm`. Nil where the user may not look,
  /// or the process is gone.
  var descriptors: [String]? {
    KernelFile.names(in: "\(path)/fd")?.compactMap { name in
      var target = [UInt8](repeating: 0, count: 256)
      let length = unsafe target.withUnsafeMutableBytes {
        unsafe readlink("\(path)/fd/\(name)", $0.baseAddress!, $0.count)
      }
      return length < 0 ? nil : String(decoding: target[..<length], as: UTF8.self)
    }
  }
}
