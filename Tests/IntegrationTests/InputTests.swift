import Foundation
import TestSupport
import Testing

@Suite(
  "What comes in by stdin reaches the guest's UART, and what it writes leaves by stdout", .requiresKVM,
  .sameOnEveryHost)
struct InputTests {
  private static let echo = FlatImage(Code.echo)

  @Test("A pipe's bytes, one at a time")
  func pipe() throws {
    // A pipe is no terminal: Ctrl-A and Ctrl-C are bytes like others.
    let bytes: [UInt8] = [0x01, 0x78, 0x03, 0x00, 0xff] + Array("hello\r\n".utf8)
    let run = try Self.echo.boot(input: .pipe(bytes + Array("q, and no more".utf8)))
    #expect((run.status, run.output) == (0, bytes))
    #expect(try run.report.device("uart").counts["RBR/THR/DLL"] == Counts(reads: 13, writes: 12))
  }

  /// 10 000 bytes of every value but that of 'q'.
  private static let tenThousand = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    .map { $0 == 0x71 ? 0x70 : $0 }

  @Test("A file of 10 000 bytes whole and in order")
  func file() throws {
    let folder = try Scratch()
    let path = try folder.write("input", Self.tenThousand + [0x71])
    let run = try Self.echo.boot(input: .file(path))
    #expect(run.status == 0)
    #expect(Data(run.output) == Data(Self.tenThousand))
  }

  @Test("The same through the UART's FIFOs, once the guest has switched them on")
  func fifos() throws {
    let folder = try Scratch()
    let enableFIFOs: [UInt8] = [
      0xba, 0xfa, 0x03,  // mov dx, FCR
      0xb0, 0x01,  // mov al, enable
      0xee,  // out dx, al
      0xe6, 0xe9,  // out 0xe9, al
    ]
    let image = try FlatImage(enableFIFOs + Code.echo).arguments(in: folder)
    let stdout = try folder.create("stdout")
    let (stdin, keyboard) = makePipe()
    let child = try Child(
      [try Swiftvmm.path(), "boot"] + image,
      [.descriptor(stdin.fileDescriptor), .descriptor(stdout.fileDescriptor), .path("/dev/null")])
    // Data sheet of the PC16550D, section 8.5: what came before the FIFOs were switched on is lost.
    try wait(for: "the guest never says that it is ready") { try folder.bytes("stdout") == [1] }
    try keyboard.write(contentsOf: Data(Self.tenThousand + [0x71]))
    #expect(child.wait() == 0)
    #expect(Data(try folder.bytes("stdout")) == Data([1] + Self.tenThousand))
  }

  @Test("The end of the input is not the end of the guest")
  func endOfInput() throws {
    let run = try Self.echo.boot("--time-limit", "0.5", input: .pipe(Array("abc".utf8)))
    #expect((run.status, run.text) == (36, "abc"))
  }

  @Test("Output that nobody reads any more is lost, counted, and no reason to stop")
  func readerGone() throws {
    let folder = try Scratch()
    let image = try Self.echo.arguments(in: folder)
    let errors = try folder.create("stderr")
    let (stdin, keyboard) = makePipe()
    let (screen, stdout) = makePipe()
    let child = try Child(
      [try Swiftvmm.path(), "boot"] + image,
      [stdin, stdout, errors].map { .descriptor($0.fileDescriptor) })
    try stdin.close()
    try stdout.close()
    try keyboard.write(contentsOf: Data("a".utf8))
    #expect(try screen.read(upToCount: 1) == Data("a".utf8))
    try screen.close()
    try keyboard.write(contentsOf: Data("bcdq".utf8))
    #expect(child.wait() == 0)
    let text = String(decoding: try folder.bytes("stderr"), as: UTF8.self)
    #expect(text.hasPrefix("swiftvmm: 3 bytes of the guest's output could not be written to stdout\n"))
  }

  @Test(
    "A reader that stops reading does not keep the run from its end, with or without input for the guest",
    arguments: [[], ["--cpus", "2"]], [false, true])
  func fullPipe(options: [String], hasInput: Bool) throws {
    let folder = try Scratch()
    // out 0xe9, al; jmp back
    let image = try FlatImage([0xe6, 0xe9, 0xeb, 0xfc]).arguments(in: folder)
    let (reader, stdout) = makePipe()
    // No more than a page, which the guest fills in a moment; fcntl(2) of Linux, F_SETPIPE_SZ.
    let setPipeSize: Int32 = 1031
    let capacity = fcntl(stdout.fileDescriptor, setPipeSize, 4096)
    #expect(capacity == 4096)
    let (stdin, typist) = makePipe()
    let child = try Child(
      [try Swiftvmm.path(), "boot", "--time-limit", "1"] + image + options,
      [.descriptor(stdin.fileDescriptor), .descriptor(stdout.fileDescriptor), .path("/dev/null")])
    try stdout.close()
    try stdin.close()
    if hasInput {
      // Once the guest is stuck in its output; before that it would be served.
      // (One page is full for poll(2) with its first byte.)
      try wait(for: "a full pipe") { fullness(of: reader) > 0 }
      try typist.write(contentsOf: Array("hello".utf8))
    }
    #expect(child.wait(limit: .seconds(10)) == 36)
    try reader.close()
  }

  @Test("Standard streams may be closed", arguments: 0...2)
  func closedStream(number: Int) throws {
    let folder = try Scratch()
    let (stdout, report) = (try folder.create("stdout"), folder.path("report.json"))
    var streams: [Child.Stream] = [
      .path("/dev/null"), .descriptor(stdout.fileDescriptor), .path("/dev/null"),
    ]
    streams[number] = .closed
    let child = try Child([try Swiftvmm.path(), "boot", "builtin:hello", "--json", report], streams)
    #expect(child.wait() == 0)
    #expect(
      String(decoding: try folder.bytes("stdout"), as: UTF8.self) == (number == 1 ? "" : HelloTests.line))
    let json = try #require(FileManager.default.contents(atPath: report))
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: json) }
  }
}

/// Bytes that wait in a pipe (FIONREAD).
private func fullness(of pipe: FileHandle) -> Int32 {
  var count: Int32 = 0
  let bytesWaiting: UInt = 0x541b
  return unsafe ioctl(pipe.fileDescriptor, bytesWaiting, &count) == 0 ? count : -1
}
