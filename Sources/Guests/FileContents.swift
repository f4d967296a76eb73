import CLinux
import KVM
import VMM

/// A file's content, read whole. A mapping would be cheaper, but a file that shrinks under a mapping kills its reader.
struct FileContents {
  /// Keeps the memory of ``bytes``.
  private let buffer: HostBuffer
  var bytes: MemoryView { buffer.view }

  /// Far more than any image; what is larger is a mistake, and would only fill memory.
  static let largest = 1 << 32

  /// - Throws: ``Failure`` for a file that is not there, not readable, empty, or no file.
  init(_ path: String) throws(Failure) {
    let number = unsafe linux_open(path, O_RDONLY | O_NONBLOCK)
    guard number >= 0 else {
      throw .usage(
        KVMError(path, errno: Int32(-number), advice: "give the path of a readable file").description)
    }
    let file = Descriptor(owning: Int32(number))
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0, status.st_mode & S_IFMT.magnitude == S_IFREG.magnitude
    else {
      throw .usage("\(path): not a regular file")
    }
    guard status.st_size > 0 else { throw .usage("\(path): the file is empty") }
    guard status.st_size <= Self.largest else { throw .usage("\(path): larger than 4 GiB") }
    buffer = HostBuffer(count: Int(status.st_size))
    var length = 0
    while length < buffer.view.count {
      let count = unsafe buffer.view.withUnsafeBytes {
        unsafe read(file.number, $0.baseAddress! + length, $0.count - length)
      }
      guard count > 0 else {
        throw .usage(
          count == 0
            ? "\(path): it shrank while it was read" : KVMError(path, errno: linux_errno()).description)
      }
      length += count
    }
  }
}
