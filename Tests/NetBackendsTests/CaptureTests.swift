import CLinux
import Foundation
import NetBackends
import TestSupport
import Testing
import VMM

@Suite("The capture")
struct CaptureTests {
  private static func path() -> String { "/tmp/swiftvmm-\(UUID().uuidString).pcap" }

  /// Records of a pcap file read anew: its frames, or nil where something is wrong with it.
  private func frames(_ path: String) throws -> [[UInt8]]? {
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(data[at + $1]) << (8 * $1) } }
    guard data.count >= 24, word(0) == 0xa1b2_3c4d, data[4] == 2, data[6] == 4, word(20) == 1 else {
      return nil
    }
    var frames: [[UInt8]] = []
    var (offset, before) = (24, 0)
    while offset < data.count {
      let time = word(offset) * 1_000_000_000 + word(offset + 4)
      let count = word(offset + 8)
      guard word(offset + 4) < 1_000_000_000, time >= before, word(offset + 12) == count else { return nil }
      before = time
      frames.append(Array(data[(offset + 16)..<(offset + 16 + count)]))
      offset += 16 + count
    }
    return frames
  }

  @Test("both directions are in the file, whole, whatever the pieces, and pass as without it")
  func both() throws {
    let path = Self.path()
    defer { _ = unsafe unlink(path) }
    let capture = try Capture(Reflector(), path: path)
    #expect(try frames(path) == [], "a file without frames is one")
    var expected: [[UInt8]] = []
    for (number, length) in [60, 61, 1514, 300].enumerated() {
      let frame = frameBytes(UInt64(number), length: length)
      let pieces = Pieces(frame, cut: [5, 9, 0, 20])
      let views = pieces.views
      capture.transmit(views.span, .none)
      extendLifetime(pieces)
      expected.append(frame)
      expected.append(capture.take(cut: [7, 3000]))
      #expect(expected.last == Array(frame[6..<12] + frame[0..<6] + frame[12...]))
    }
    #expect((capture.name, capture.lost, capture.corrupt, capture.nextLength) == ("reflector", 0, 0, nil))
    #expect(try frames(path) == expected)
  }

  @Test("more pieces than one call takes, and large frames, are captured whole")
  func large() throws {
    let path = Self.path()
    defer { _ = unsafe unlink(path) }
    let capture = try Capture(Source(size: 65214, frames: 0, station: [2, 0, 0, 0, 0, 1]), path: path)
    capture.guestAccepts(.all)
    let received = capture.take(cut: Array(repeating: 31, count: 2200))
    #expect(received.count == 65214)
    let pieces = Pieces(received, cut: Array(repeating: 60, count: 1080))
    let views = pieces.views
    capture.transmit(views.span, StreamFormat.offload)
    extendLifetime(pieces)
    #expect(try frames(path) == [received, received])
    #expect((capture.lost, capture.corrupt) == (0, 0))
  }

  @Test("a disk that is full ends the capture with one line, and the traffic goes on")
  func full() throws {
    let capture = try Capture(Sink(), path: "/dev/full")
    let lines = Lines()
    capture.onFault = { lines.add($0) }
    for number in 0..<10 { capture.transmit(UInt64(number)) }
    #expect((capture.lost, capture.corrupt) == (0, 0))
    #expect(lines.all == ["/dev/full: No space left on device: the capture ends here, the traffic goes on"])
  }

  @Test("trouble of the back end comes through, and so do its offloads and its descriptor")
  func through() throws {
    let path = Self.path()
    defer { _ = unsafe unlink(path) }
    let (left, _) = try BridgeEnd.makeWire()
    let capture = try Capture(left, path: path)
    #expect(capture.accepts == left.accepts)
    #expect(capture.descriptor == left.descriptor)
    let lines = Lines()
    capture.onFault = { lines.add($0) }
    left.onFault("x")
    #expect(lines.all == ["x"])
  }

  @Test("a path that cannot be is refused")
  func refused() {
    #expect(throws: (any Error).self) { try Capture(Sink(), path: "/nowhere/x.pcap") }
  }

  @Test("Wireshark reads it", .requires(program: "tshark"))
  func tshark() throws {
    let path = Self.path()
    defer { _ = unsafe unlink(path) }
    let capture = try Capture(Source(size: 1518, frames: 0, station: [2, 0, 0, 0, 0, 1]), path: path)
    for _ in 0..<5 { _ = capture.take(cut: [2000]) }
    capture.transmit(0)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "tshark", "-r", path, "-T", "fields", "-e", "frame.len", "-e", "tcp.seq_raw", "-e",
      "tcp.checksum.status",
      "-e", "ip.checksum.status", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
    ]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let streams = (0..<5).map { "1502\t\($0 * 1448)\t1\t1" }
    #expect(text.split(separator: "\n").map(String.init) == streams + ["64\t\t\t"])
  }
}
