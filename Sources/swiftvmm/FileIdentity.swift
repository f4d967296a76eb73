import CLinux

/// What makes two paths the same file: links and `..` lead where the kernel says.
struct FileIdentity: Equatable {
  private let device: UInt
  private let number: UInt
  /// Of a file that is not there yet, in the folder that the numbers mean.
  private let name: Substring

  /// Nil where no file can be, and for devices: in /dev/null nothing gets mixed up.
  init?(_ path: String) {
    var facts = stat()
    if unsafe stat(path, &facts) == 0 {
      guard facts.st_mode & S_IFMT.magnitude != S_IFCHR.magnitude else { return nil }
      name = ""
    } else {
      let slash = path.lastIndex(of: "/")
      name = path[(slash.map(path.index(after:)) ?? path.startIndex)...]
      let folder = slash.map { String(path[...$0]) } ?? "."
      guard !name.isEmpty, unsafe stat(folder, &facts) == 0 else { return nil }
    }
    (device, number) = (facts.st_dev, facts.st_ino)
  }
}
