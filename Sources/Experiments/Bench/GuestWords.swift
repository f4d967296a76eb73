import CLinux
import Console
import Guests
import KVM

/// What a guest writes to its serial port, for one who reads it after the run: a line that says what went wrong.
final class GuestWords {
  private let reader: Descriptor
  private var writer: Descriptor?
  let output: GuestOutput

  init() throws(Failure) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw Failure(KVMError("pipe", errno: linux_errno())) }
    reader = Descriptor(owning: ends[0])
    writer = Descriptor(owning: ends[1])
    output = GuestOutput(descriptor: ends[1])
  }

  /// Once, after the run.
  var said: String {
    writer = nil
    var bytes = [UInt8](repeating: 0, count: 4096)
    let length = unsafe read(reader.number, &bytes, bytes.count)
    let text = String(decoding: bytes[..<max(0, length)], as: UTF8.self)
    return text.split(separator: "\n").joined(separator: "; ")
  }
}
