import Foundation
import Report
import TestSupport
import Testing

@Suite("Two guests on one wire", .requiresKVM)
struct PairTests {
  /// A run of `pair` that is over.
  struct Pair {
    let run: Run
    let left: RunReport
    let right: RunReport
    /// What each guest wrote, without the marks.
    let said: (left: [Substring], right: [Substring])
  }

  /// Runs two guests to their ends; both reports are whole.
  static func pair(_ left: String, _ right: String) throws -> Pair {
    let folder = try Scratch()
    let run = try Swiftvmm.run([
      "pair", "--left", "\(left) --json \(folder.path("left"))",
      "--right", "\(right) --json \(folder.path("right"))",
    ])
    let reports = try ["left", "right"].map { name in
      let report = try JSONDecoder().decode(RunReport.self, from: Data(folder.bytes(name)))
      checkSums(report)
      return report
    }
    let lines = run.text.split(separator: "\n")
    let said = ["left: ", "right: "].map { mark in
      lines.filter { $0.hasPrefix(mark) }.map { $0.dropFirst(mark.count) }
    }
    #expect(said[0].count + said[1].count == lines.count, "\(run.text)")
    return Pair(run: run, left: reports[0], right: reports[1], said: (said[0], said[1]))
  }

  static let e1000 = "e1000,backend=bridge"
  static let virtio = ["", ",queue=thread", ",queue=poll"].map { "virtio-net-pci,backend=bridge\($0)" }
  static let wires = virtio.map { (e1000, $0) } + virtio.map { ($0, e1000) }

  private static func image(of nic: String, _ direction: String) -> String {
    (nic == e1000 ? "e1000-" : "virtio-net-") + direction
  }

  @Test("Every frame of one guest reaches the other, whole and in order", arguments: wires)
  func packets(from sender: String, to receiver: String) throws {
    let (tx, rx) = (Self.image(of: sender, "tx"), Self.image(of: receiver, "rx"))
    let pair = try Self.pair(
      "builtin:\(tx) packets=500 batch=32 --nic \(sender)", "builtin:\(rx) packets=500 --nic \(receiver)")
    #expect(pair.run.status == 0, "\(pair.run.errors)")
    #expect(pair.said == (["\(tx): 500 packets sent"], ["\(rx): 500 packets received"]))
    #expect(pair.left.guest.nics == [sender])
    #expect(pair.left.devices.compactMap(\.packets?.list) == [[500, 0, 0, 0, 0]])
    #expect(pair.right.devices.compactMap(\.packets?.list) == [[0, 500, 0, 0, 0]])
    #expect((pair.left.devices + pair.right.devices).flatMap(\.faults).isEmpty)
  }

  @Test("The wire takes the place of what the images' own NICs have behind them, and cuts large frames")
  func largeFrames() throws {
    let pair = try Self.pair("builtin:virtio-net-tx tso=1 packets=10", "builtin:e1000-rx packets=450")
    #expect(pair.run.status == 0, "\(pair.run.errors)")
    #expect(pair.left.devices.compactMap(\.packets?.list) == [[10, 0, 0, 0, 0]])
    #expect(pair.right.devices.compactMap(\.packets?.list) == [[0, 450, 0, 0, 0]])
  }

  @Test("Each guest has its own counts, also of what the kernel answers")
  func counts() throws {
    let pair = try Self.pair(
      "builtin:exits io=10 hlt=70 --nic e1000,backend=bridge --cpus 2",
      "builtin:exits io=20 hlt=30 --nic e1000,backend=bridge")
    #expect(pair.run.status == 0, "\(pair.run.errors)")
    #expect((pair.left.vcpus.count, pair.right.vcpus.count) == (2, 1))
    #expect((pair.left.kernel.hlt, pair.right.kernel.hlt) == (70, 30))
    #expect(try pair.left.device("probe").counts["P0"]?.writes == 10)
    #expect(try pair.right.device("probe").counts["P0"]?.writes == 20)
  }

  @Test("The status is the first that is not 0", arguments: [(0, 0, 0), (7, 0, 7), (0, 8, 8), (9, 10, 9)])
  func statuses(left: UInt8, right: UInt8, status: Int32) throws {
    let folder = try Scratch()
    let guests = try [left, right].map { number in
      // mov al, NUMBER; out 0xf4, al
      let path = try folder.write("guest\(number)", [0xb0, number, 0xe6, 0xf4])
      return "\(path) --entry real@0x1000 --nic e1000,backend=bridge"
    }
    let pair = try Self.pair(guests[0], guests[1])
    #expect(pair.run.status == status)
    #expect((pair.left.outcome.status, pair.right.outcome.status) == (Int32(left), Int32(right)))
  }

  @Test("A guest goes on when the other has ended, until its own limit")
  func limit() throws {
    let pair = try Self.pair(
      "builtin:spin --nic e1000,backend=bridge --time-limit 1", "builtin:hello --nic e1000,backend=bridge")
    #expect(pair.run.status == 36)
    #expect((pair.left.outcome.kind, pair.right.outcome.kind) == ("time-limit", "exited"))
    #expect(pair.said.right == ["Hello from a guest of swiftvmm"])
  }

  @Test("A signal ends both", arguments: [SIGINT, SIGTERM])
  func signal(number: Int32) throws {
    let folder = try Scratch()
    // mov dx, 0x3f8; mov al, 'A'; out dx, al; mov al, 10; out dx, al; jmp $
    let path = try folder.write(
      "guest", [0xba, 0xf8, 0x03, 0xb0, 0x41, 0xee, 0xb0, 0x0a, 0xee, 0xeb, 0xfe])
    let guest = "\(path) --entry real@0x1000 --nic e1000,backend=bridge --json \(folder.path("report"))"
    let output = try folder.create("stdout")
    defer { extendLifetime(output) }
    let child = try Child(
      [try Swiftvmm.path(), "pair", "--left", guest + "1", "--right", guest + "2"],
      [.path("/dev/null"), .descriptor(output.fileDescriptor), .path("/dev/null")])
    try wait(for: "both guests run") {
      let text = String(decoding: (try? folder.bytes("stdout")) ?? [], as: UTF8.self)
      return text.contains("left: A\n") && text.contains("right: A\n")
    }
    child.send(number)
    #expect(child.wait() == 130)
    for side in ["report1", "report2"] {
      let report = try JSONDecoder().decode(RunReport.self, from: Data(folder.bytes(side)))
      #expect(report.outcome.kind == "interrupted")
    }
  }
}

@Suite("Bad arguments of pair are one clear line and status 35", .sameOnEveryHost)
struct PairArgumentTests {
  @Test(arguments: [
    ("builtin:nothing", "builtin:e1000-rx", "--left: no built-in image 'nothing'"),
    ("builtin:e1000-tx pakets=1", "builtin:e1000-rx", "--left: pakets=1: unknown key"),
    ("builtin:e1000-tx --cpus two", "builtin:e1000-rx", "--left: --cpus two: a number, please"),
    ("builtin:e1000-tx --nic e1000", "builtin:e1000-rx", "--left: 0 NICs with backend=bridge: one is to be"),
    ("builtin:hello", "builtin:e1000-rx", "--left: 0 NICs with backend=bridge"),
    (
      "builtin:hello --nic e1000,backend=bridge --nic virtio-net,backend=bridge", "builtin:e1000-rx",
      "--left: 2 NICs with backend=bridge"
    ),
    ("", "builtin:e1000-rx", "--left: Missing expected argument '<image>'; see 'swiftvmm boot --help'"),
    ("builtin:e1000-tx --bogus", "builtin:e1000-rx", "--left: Unknown option '--bogus'"),
    (
      "builtin:e1000-tx --json x", "builtin:e1000-rx --json x",
      "--left --json x and --right --json x: the same file"
    ),
  ])
  func refused(left: String, right: String, words: String) throws {
    expectRefusal(try Swiftvmm.run(["pair", "--left", left, "--right", right]), saying: words)
  }

  @Test func `the right guest's mistakes are found before the left one runs`() throws {
    let run = try Swiftvmm.run(["pair", "--left", "builtin:e1000-tx", "--right", "builtin:e1000-rx x=1"])
    expectRefusal(run, saying: "--right: x=1: unknown key")
  }

  @Test func `one guest is not enough`() throws {
    expectRefusal(
      try Swiftvmm.run(["pair", "--left", "builtin:e1000-tx"]), saying: "Missing expected argument '--right")
    expectRefusal(
      try Swiftvmm.run(["boot", "builtin:e1000-tx", "--nic", "e1000,backend=bridge"]),
      saying: "'swiftvmm pair' runs the two")
  }
}
