import CLinux
import Synchronization
import Testing

@testable import Console

struct GuestInputTests {
  @Test func `Ctrl-A x quits, Ctrl-A Ctrl-A is one Ctrl-A, all else passes`() {
    var escapes = EscapeSequence()
    let steps = [0x61, 0x01, 0x01, 0x01, 0x62, 0x01, 0x78].map { escapes.take($0) }
    #expect(steps == [.pass(0x61), .nothing, .pass(0x01), .nothing, .nothing, .nothing, .quit])
  }

  @Test func `no byte is lost to a guest that takes one at a time`() {
    var pipe: [Int32] = [0, 0]
    #expect(unsafe CLinux.pipe(&pipe) == 0)
    defer { for end in pipe { _ = close(end) } }
    let sent = (0..<200).map { UInt8($0) }
    #expect(unsafe write(pipe[1], sent, sent.count) == sent.count)
    let got = Mutex<[UInt8]>([])
    let input = GuestInput(
      descriptor: pipe[0], isTerminal: false,
      receiver: { bytes in
        got.withLock { $0.append(bytes[0]) }
        return 1
      }, quit: {})
    input.serve()
    #expect(input.pollDescriptor == -1, "nothing is read while bytes wait")
    for _ in 1..<sent.count { input.passOn() }
    #expect(got.withLock { $0 } == sent)
    #expect(input.pollDescriptor == pipe[0])
  }

  @Test func `the end of the input is not polled again`() {
    var pipe: [Int32] = [0, 0]
    #expect(unsafe CLinux.pipe(&pipe) == 0)
    _ = close(pipe[1])
    let input = GuestInput(descriptor: pipe[0], isTerminal: false, receiver: { $0.count }, quit: {})
    input.serve()
    #expect(input.pollDescriptor == -1)
    _ = close(pipe[0])
  }

  @Test func `output whose reader went away is counted`() {
    linux_ignore(SIGPIPE)
    var pipe: [Int32] = [0, 0]
    #expect(unsafe CLinux.pipe(&pipe) == 0)
    _ = close(pipe[0])
    defer { _ = close(pipe[1]) }
    let output = GuestOutput(descriptor: pipe[1])
    for byte in 0..<10 { output.put(UInt8(byte), unless: { false }) }
    #expect(output.lost == 10)
  }
}
