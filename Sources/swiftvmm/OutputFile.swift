import CLinux
import Guests
import KVM

/// A file that the program writes at its end, opened at its beginning, so that a bad path does not cost a run.
struct OutputFile: ~Copyable {
  private let path: String
  private let descriptor: Descriptor

  /// - Parameter path: as `--json` has it.
  /// - Throws: ``Failure`` where the file cannot be made.
  init(_ path: String) throws(Failure) {
    guard !path.isEmpty else { throw .usage("--json: the path is empty") }
    let number = unsafe linux_create(path)
    guard number >= 0 else {
      throw .usage(KVMError(path, errno: Int32(-number), advice: "the file cannot be written").description)
    }
    self.path = path
    descriptor = Descriptor(owning: Int32(number))
  }

  /// Makes `bytes` its whole content. What was in the file before stays until then, should the run not come to its end.
  func write(_ bytes: [UInt8]) throws(Failure) {
    guard ftruncate(descriptor.number, 0) == 0 || linux_errno() == EINVAL,
      writeAll(bytes, to: descriptor.number)
    else {
      throw .usage(KVMError(path, errno: linux_errno()).description)
    }
  }
}

/// Writes all of `bytes`; false where the descriptor takes no more.
@discardableResult
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  unsafe bytes.withUnsafeBytes { all in
    var written = 0
    while written < all.count {
      let count = unsafe CLinux.write(descriptor, all.baseAddress! + written, all.count - written)
      if count < 0, linux_errno() == EINTR { continue }
      if count < 0, linux_errno() == EAGAIN {
        var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&item, 1, -1)
        continue
      }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }
}
