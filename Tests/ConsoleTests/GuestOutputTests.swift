import CLinux
import Testing

@testable import Console

/// Outputs that share a pipe.
struct GuestOutputTests {
  private let reader: Int32
  private let writer: Int32

  init() {
    var pipe: [Int32] = [0, 0]
    #expect(unsafe CLinux.pipe(&pipe) == 0)
    (reader, writer) = (pipe[0], pipe[1])
  }

  /// What is in the pipe, and its end. Once.
  private func written() -> String {
    _ = close(writer)
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = unsafe read(reader, &bytes, bytes.count)
    _ = close(reader)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  private func put(_ text: String, to output: GuestOutput) {
    for byte in text.utf8 { output.put(byte) { false } }
  }

  @Test func `lines of two guests do not mix, and the last ones come out at the end`() {
    let outputs = ["left: ", "right: "].map { GuestOutput(descriptor: writer, mark: $0) }
    for byte in "one\n\ntwo".utf8 {
      for output in outputs { output.put(byte) { false } }
    }
    outputs[1].finish()
    outputs[0].finish()
    outputs[0].finish()
    #expect(written() == "left: one\nright: one\nleft: \nright: \nright: two\nleft: two\n")
  }

  @Test func `a line without an end is broken`() {
    let output = GuestOutput(descriptor: writer, mark: "a: ")
    put(String(repeating: "x", count: 2500), to: output)
    output.finish()
    let lines = written().split(separator: "\n")
    #expect(lines.allSatisfy { $0.hasPrefix("a: ") && $0.utf8.count < 1024 })
    #expect(lines.map { $0.count { $0 == "x" } }.reduce(0, +) == 2500)
  }

  @Test func `without a mark each byte leaves at once`() {
    put("a prompt ", to: GuestOutput(descriptor: writer))
    #expect(written() == "a prompt ")
  }

  @Test func `what nobody takes any more is counted`() {
    let full = unsafe linux_open("/dev/full", O_WRONLY)
    defer { close(Int32(full)) }
    for (mark, lost) in [(nil, 2), ("a: ", 5)] as [(String?, UInt64)] {
      let output = GuestOutput(descriptor: -1, mark: mark)
      put("x\n", to: output)
      #expect(output.lost == 0, "an output that nobody wants loses nothing")
      let refused = GuestOutput(descriptor: Int32(full), mark: mark)
      put("x\n", to: refused)
      #expect(refused.lost == lost)
    }
    _ = written()
  }
}
