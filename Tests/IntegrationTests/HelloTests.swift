import Report
import TestSupport
import Testing

@Suite("Hello, and the commands without a guest")
struct HelloTests {
  static let line = "Hello from a guest of swiftvmm\n"

  @Test("hello: its line on stdout, the report on stderr, an exit a byte", .requiresKVM)
  func hello() throws {
    let run = try Swiftvmm.boot("builtin:hello")
    #expect(run.status == 0)
    #expect(run.text == Self.line)
    #expect(run.errors.hasPrefix("swiftvmm: builtin:hello: the guest ended with status 0"))
    #expect(run.errors.contains("exits to user space: 32 (io 32)"))
    let report = try run.report
    #expect(report.exits.byReason == ["io": 32])
    #expect(
      report.counts == [
        "uart": ["RBR/THR/DLL": Counts(writes: 31)], "debug-exit": ["STATUS": Counts(writes: 1)],
      ])
    #expect((report.outcome.kind, report.outcome.status) == ("exited", 0))
  }

  @Test("--quiet leaves stderr empty", .requiresKVM)
  func quiet() throws {
    let run = try Swiftvmm.boot("builtin:hello", "--quiet")
    #expect((run.status, run.text, run.errors) == (0, Self.line, ""))
  }

  @Test(
    "Memory of any size it may have, below the hole for devices and beyond it", .requiresKVM,
    arguments: [
      ("2M", 2 << 20), ("4096K", 4 << 20), ("100003840", 100_003_840), ("3G", 3 << 30), ("4G", 4 << 30),
    ])
  func memory(text: String, size: UInt64) throws {
    let run = try Swiftvmm.boot("builtin:hello", "--memory", text)
    #expect((run.status, run.text) == (0, Self.line))
    #expect(try run.report.guest.memoryBytes == size)
  }

  @Test("'images' lists each built-in image, its NICs and its keys with their ranges")
  func images() throws {
    let run = try Swiftvmm.run(["images"])
    #expect((run.status, run.errors) == (0, ""))
    for name in [
      "bad-opcode", "e1000-echo", "e1000-tx", "exits", "hello", "hostile-nic", "spin", "string-io",
      "triple-fault",
      "virtio-net-echo", "virtio-net-tx",
    ] {
      #expect(run.text.contains("builtin:\(name)  "))
    }
    #expect(run.text.contains("nic e1000,backend=reflector\n"))
    #expect(run.text.contains("batch=1000  (1..1024) "))
  }

  @Test(
    "Help is on stdout, with status 0", arguments: [["--help"], ["boot", "--help"], ["help", "boot"], []])
  func help(arguments: [String]) throws {
    let run = try Swiftvmm.run(arguments)
    #expect((run.status, run.errors) == (0, ""))
    #expect(run.text.contains("USAGE: swiftvmm"))
  }
}
