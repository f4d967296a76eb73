import CLinux
import KVM

/// The files in which the kernel describes its tracepoints.
enum Tracefs {
  /// The content of files of tracefs, by their paths under its root, or a negative errno for each that cannot be read.
  ///
  /// Where tracefs is not mounted it is mounted for this look alone: on a thread of its own, in a mount namespace of its
  /// own, so that the machine stays as it is.
  static func read(_ paths: [String]) -> [Result<String, FileError>] {
    let contents = paths.map(content)
    guard contents.contains(.failure(FileError(errno: ENOENT))) else { return contents }
    return mounted { paths.map(content) } ?? contents
  }

  /// An errno of open(2), read(2) or mount(2).
  struct FileError: Error, Equatable {
    let errno: Int32
  }

  private static func content(_ path: String) -> Result<String, FileError> {
    let number = unsafe linux_open("/sys/kernel/tracing/" + path, O_RDONLY)
    guard number >= 0 else { return .failure(FileError(errno: Int32(-number))) }
    let file = Descriptor(owning: Int32(number))
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    // A bound on what a file may be; those of events have up to 10 KiB.
    while bytes.count < 1 << 20 {
      let length = unsafe CLinux.read(file.number, &part, part.count)
      guard length >= 0 else { return .failure(FileError(errno: linux_errno())) }
      if length == 0 { break }
      bytes += part[..<length]
    }
    return .success(String(decoding: bytes, as: UTF8.self))
  }

  /// What `body` sees with tracefs in its usual place, where nobody else sees it: the mount namespace is a thread's. Nil
  /// where there is no thread to have.
  private static func mounted(
    _ body: @escaping () -> [Result<String, FileError>]
  ) -> [Result<String, FileError>]? {
    var answer: [Result<String, FileError>]?
    let thread = Thread {
      let mounted = linux_mount_private_tracefs()
      answer = mounted < 0 ? body().map { _ in .failure(FileError(errno: Int32(-mounted))) } : body()
    }
    thread?.join()
    return answer
  }
}
