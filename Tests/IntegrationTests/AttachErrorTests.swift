import Foundation
import TestSupport
import Testing

@Suite("What attach cannot do it says in one line, with status 35") struct AttachErrorTests {
  private func expectRefusal(
    _ words: [String], under wrapper: [String] = [], _ part: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let run = try Swiftvmm.run(["attach"] + words, under: wrapper)
    #expect(run.status == 35, "\(run.errors)", sourceLocation: sourceLocation)
    #expect(run.errors.hasPrefix("swiftvmm: "), sourceLocation: sourceLocation)
    #expect(run.errors.contains(part), "\(run.errors)", sourceLocation: sourceLocation)
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)", sourceLocation: sourceLocation)
    #expect(run.output.isEmpty, sourceLocation: sourceLocation)
  }

  @Test(
    arguments: [
      (["x"], "'x': the number of a process"), (["+1"], "'+1': the number of a process"),
      (["0"], "'0': the number of a process"), ([""], "'': the number of a process"), ([], "pid"),
      (["1", "--json", ""], "--json: the path is empty"),
      (["1", "--duration", "0"], "--duration 0"), (["1", "--duration", "nan"], "--duration nan"),
      (["1", "--map", "2-1=x"], "--map 2-1=x"), (["1", "--json", "/no/such/file"], "/no/such/file"),
      (["1", "--no-such-option"], "no-such-option"),
    ] as [([String], String)])
  func `arguments`(words: [String], part: String) throws {
    try expectRefusal(words, part)
  }

  @Test func `no such process`() throws {
    let child = try Child(["true"], [])
    _ = child.wait()
    try expectRefusal(["\(child.id)"], "there is no process \(child.id)")
  }

  @Test func `a process without a virtual machine`() throws {
    let child = try Child(["sleep", "60"], [])
    defer { child.send(SIGKILL) }
    try expectRefusal(["\(child.id)"], "process \(child.id) (sleep) has no virtual machine")
  }

  @Test func `a thread that is no process`() throws {
    let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
    let thread = try #require(tasks.first { $0 != "\(getpid())" })
    try expectRefusal([thread], "attach to \(getpid())")
  }

  @Test(.requiresKVM, .requiresRoot) func `somebody else's process, and no right to trace one's own`() throws
  {
    let guest = try Child(
      [try Swiftvmm.path(), "boot", "builtin:spin", "--no-kernel-counts"],
      [.path("/dev/null"), .path("/dev/null"), .path("/dev/null")])
    defer {
      guest.send(SIGKILL)
      _ = guest.wait()
    }
    try wait(for: "no machine is made") {
      let folder = "/proc/\(guest.id)/fd"
      return try FileManager.default.contentsOfDirectory(atPath: folder).contains {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == "anon_inode:kvm-vm"
      }
    }
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    try expectRefusal(["\(guest.id)"], under: nobody, "run as root")
    let weak = ["setpriv", "--bounding-set=-sys_admin,-perfmon"]
    try expectRefusal(["\(guest.id)"], under: weak, "run as root")
  }
}
