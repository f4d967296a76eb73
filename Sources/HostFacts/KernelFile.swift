import CLinux

/// A small file of /proc or /sys, which says its length only when it is read.
public enum KernelFile {
  /// Its content up to 64 KiB, nil where it cannot be read.
  public static func contents(of path: String) -> String? {
    let number = unsafe linux_open(path, O_RDONLY)
    guard number >= 0 else { return nil }
    defer { _ = close(Int32(number)) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 16 {
      let length = unsafe read(Int32(number), &part, part.count)
      guard length > 0 else { return length == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
      bytes += part[..<length]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Its first line, nil where it cannot be read or is empty.
  public static func firstLine(of path: String) -> String? {
    contents(of: path)?.split(separator: "\n").first.map(String.init)
  }

  /// What a folder holds, in alphabetical order; nil where it cannot be read.
  public static func names(in folder: String) -> [String]? {
    guard let stream = unsafe opendir(folder) else { return nil }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let name = unsafe linux_next_name(stream) { names.append(unsafe String(cString: name)) }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }
}
