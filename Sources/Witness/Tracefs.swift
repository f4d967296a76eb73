import CLinux
import KVM

/// The files in which the kernel describes its tracepoints.
enum Tracefs {
  /// A file's content, or why it cannot be read: an errno of open(2), read(2) or mount(2).
  ///
  /// No Result: an array of those makes the runtime search the whole program for conformances to Error, before the
  /// guest's first instruction.
  enum File: Equatable {
    case content(String)
    case unreadable(errno: Int32)
  }

  /// Files of tracefs, by their paths under its root.
  ///
  /// Where tracefs is not mounted it is mounted for this look alone: on a thread of its own, in a mount namespace of its
  /// own, so that the machine stays as it is.
  static func read(_ paths: [String]) -> [File] {
    let files = paths.map(read)
    guard files.contains(.unreadable(errno: ENOENT)) else { return files }
    return mounted { paths.map(read) } ?? files
  }

  private static func read(_ path: String) -> File {
    let number = unsafe linux_open("/sys/kernel/tracing/" + path, O_RDONLY)
    guard number >= 0 else { return .unreadable(errno: Int32(-number)) }
    let file = Descriptor(owning: Int32(number))
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    // A bound on what a file may be; those of events have up to 10 KiB.
    while bytes.count < 1 << 20 {
      let length = unsafe CLinux.read(file.number, &part, part.count)
      guard length >= 0 else { return .unreadable(errno: linux_errno()) }
      if length == 0 { break }
      bytes += part[..<length]
    }
    return .content(String(decoding: bytes, as: UTF8.self))
  }

  /// What `body` sees with tracefs in its usual place, where nobody else sees it: the mount namespace is a thread's. Nil
  /// where there is no thread to have.
  private static func mounted(_ body: @escaping () -> [File]) -> [File]? {
    var answer: [File]?
    let thread = Thread {
      let mounted = linux_mount_private_tracefs()
      answer = mounted < 0 ? body().map { _ in .unreadable(errno: Int32(-mounted)) } : body()
    }
    thread?.join()
    return answer
  }
}
