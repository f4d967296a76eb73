import Attach
import Foundation
import TestSupport
import Testing
import VMM

@Suite("attach on a terminal, and threads that come and go", .requiresKVM, .requiresRoot)
struct AttachLiveTests {
  /// Writes to a port of nobody, for ever.
  private static let code: [UInt8] = [
    0xe6, 0x10,  // out 0x10, al
    0xeb, 0xfc,  // again
  ]

  @Test
  func
    `a vCPU whose thread appears later is found and named, the table is live, and all of it is one report`()
    throws
  {
    // The target is this process, with a machine that exists and does not run yet.
    var configuration = MachineConfiguration()
    configuration.threadName = "late-" + String(UInt32.random(in: .min ... .max), radix: 16)
    let guest = try FlatGuest(Self.code, configuration: configuration)
    let folder = try Scratch()
    let terminal = try Terminal(
      command: [try Swiftvmm.path(), "attach", "\(getpid())", "--json", folder.path("json")])
    try terminal.readUntil("to user space")
    try guest.start([])
    // Other tests of this process have vCPUs as well: this one's line has its name.
    try terminal.readUntil(configuration.threadName)
    guest.stop()
    terminal.type([0x03])
    #expect(terminal.child.wait() == 0)
    let report = try JSONDecoder().decode(
      AttachReport.self, from: Data(contentsOf: URL(filePath: folder.path("json"))))
    #expect(report.end == .interrupted)
    let vcpu = try #require(report.vcpus.first { $0.name == configuration.threadName })
    #expect(vcpu.appeared)
    #expect(report.threads.appeared > 0)
    let exits = try #require(vcpu.userSpace?.byReason["io"])
    #expect(exits > 0)
    #expect(terminal.screen.contains("\u{1b}["), "each table is drawn over the one before")
  }
}
