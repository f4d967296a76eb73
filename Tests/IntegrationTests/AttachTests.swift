import Attach
import Foundation
import Report
import TestSupport
import Testing

@Suite("attach counts what a running VM does, and leaves it as it was", .requiresKVM, .requiresRoot)
struct AttachCommandTests {
  /// Waits for a key and then makes so many accesses of each kind.
  private static func waitsForKey(_ count: UInt64 = 1000) -> FlatImage {
    let code: [UInt8] = [
      0x66, 0xba, 0xfd, 0x03,  // mov dx, LSR
      0xec,  // 4: in al, dx
      0xa8, 0x01,  // test al, data ready
      0x74, 0xfb,  // jz 4
      0x66, 0xba, 0xf8, 0x03,  // mov dx, RBR
      0xec,  // in al, dx
    ]
    let loop: [UInt8] = [
      0x66, 0xba, 0xf0, 0x05,  // mov dx, P0
      0xee,  // out dx, al
      0xec,  // in al, dx
      0xa3, 0x00, 0xf0, 0x00, 0xd0,  // mov [M0], eax
      0xa1, 0x04, 0xf0, 0x00, 0xd0,  // mov eax, [M1]
      0x0f, 0xa2,  // cpuid
      0x4e,  // dec esi
      0x75, 0xeb,  // jnz to the first
    ]
    let counter = [0xbe] + little(count, 4)  // mov esi, count
    return FlatImage(code + counter + loop + Code.end, entry: "protected@0x100000")
  }

  /// A guest that runs until a key, and its report.
  private final class Guest {
    let child: Child
    private let keyboard: FileHandle
    private let folder = try! Scratch()

    init(_ image: FlatImage) throws {
      let (stdin, keyboard) = makePipe()
      self.keyboard = keyboard
      child = try Child(
        [try Swiftvmm.path(), "boot"] + image.arguments(in: folder) + [
          "--quiet", "--json", folder.path("json"),
        ], [.descriptor(stdin.fileDescriptor), .path("/dev/null"), .path("/dev/null")])
    }

    deinit {
      child.send(SIGKILL)
    }

    func press() throws {
      try keyboard.write(contentsOf: Data("x".utf8))
    }

    func report() throws -> RunReport {
      #expect(child.wait() == 0)
      return try JSONDecoder().decode(
        RunReport.self, from: Data(contentsOf: URL(filePath: folder.path("json"))))
    }
  }

  /// A guest that polls its UART, once it does.
  private func pollingGuest(_ count: UInt64 = 1000) throws -> Guest {
    let guest = try Guest(Self.waitsForKey(count))
    // Its vCPU has a thread then, which attach shall find at its start.
    try wait(for: "the guest does not start") {
      let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(guest.child.id)/task")
      return tasks.contains {
        (try? String(contentsOfFile: "/proc/\(guest.child.id)/task/\($0)/comm", encoding: .utf8))?
          .hasPrefix("vcpu") == true
      }
    }
    return guest
  }

  @Test func `its counts are those of the VMM's own report, from a moment on that lies amid its run`() throws
  {
    let guest = try pollingGuest()
    let attaching = try Attaching(to: guest.child.id, "--map", "0x5f0-0x5f7=probe", "--map", "0xf4=end")
    try guest.press()
    let own = try guest.report()
    let report = try attaching.report()
    #expect(report.end == .targetEnded)
    #expect(report.target.pid == guest.child.id && report.target.vcpus == 1 && report.vcpus.count == 1)
    #expect(report.records.lost == 0)
    #expect(report.vcpus.allSatisfy { !$0.appeared })
    // All that the guest did after the key; what it polled before is the VMM's alone.
    let places: [(space: String, address: UInt64, device: String, register: String)] = [
      ("port", 0x5f0, "probe", "P0"), ("memory", 0xd000_f000, "probe", "M0"),
      ("memory", 0xd000_f004, "probe", "M1"), ("port", 0x3f8, "uart", "RBR/THR/DLL"),
      ("port", 0xf4, "debug-exit", "STATUS"), ("port", 0x3fd, "uart", "LSR"),
    ]
    for place in places {
      let line = try #require(
        report.addresses.first { $0.space == place.space && $0.address == place.address }, "\(place)")
      let register = try #require(
        own.device(place.device).registers.first { $0.name == place.register }, "\(place)")
      if place.register == "LSR" {
        #expect(0 < line.reads && line.reads <= register.reads)
        continue
      }
      let (here, there) = (
        [line.exits, line.reads, line.writes], [register.exits, register.reads, register.writes]
      )
      #expect(here == there, "\(place)")
      // Each of them reached user space, and of ports alone one cannot always tell.
      #expect(line.userSpace! <= line.exits && line.exits <= line.userSpace! + line.undecided!, "\(place)")
    }
    #expect(report.addresses.count { ["port", "memory"].contains($0.space) } == places.count)
    #expect(report.addresses.filter { $0.space == "cpuid" }.map(\.exits).reduce(0, +) == 1000)
    #expect(report.ranges.map(\.exits) == [2000, 1])
    #expect(report.userSpace?.byReason["mmio"] == own.exits.byReason["mmio"])
  }

  @Test func `a ring that overflows loses the break-down of some exits, says so, and loses no count`() throws
  {
    let guest = try pollingGuest(5000)
    let attaching = try Attaching(to: guest.child.id)
    // Nobody looks at the ring while the guest fills it.
    attaching.child.send(SIGSTOP)
    try guest.press()
    let own = try guest.report()
    attaching.child.send(SIGCONT)
    let report = try attaching.report()
    #expect(report.records.lost > 0)
    let counts = Dictionary(uniqueKeysWithValues: report.tracepoints.map { ($0.name, $0.count) })
    #expect(counts["kvm_cpuid"] == 5000)
    // A read that user space answers fires twice.
    #expect(counts["kvm_mmio"] == 15000)
    #expect(own.exits.byReason["mmio"] == 10000)
  }

  @Test func `the death of the target ends it with a table that says so`() throws {
    let guest = try pollingGuest()
    let attaching = try Attaching(to: guest.child.id)
    guest.child.send(SIGKILL)
    _ = guest.child.wait()
    let table = try attaching.table()
    #expect(table.contains("; the process has ended\n"))
    #expect(table.contains("to user space"))
  }

  @Test(arguments: [SIGINT, SIGTERM]) func `a signal ends it with the table`(signal: Int32) throws {
    let guest = try pollingGuest()
    let attaching = try Attaching(to: guest.child.id)
    attaching.child.send(signal)
    let report = try attaching.report()
    #expect(report.end == .interrupted)
    try guest.press()
    _ = try guest.report()
  }

  @Test func `after --duration it ends by itself`() throws {
    let guest = try pollingGuest()
    let report = try Attaching(to: guest.child.id, "--duration", "0.1").report()
    #expect(report.end == .duration)
    #expect(report.durationSeconds >= 0.1)
    try guest.press()
    _ = try guest.report()
  }

  @Test func `killed, it leaves the guest running and its counts whole`() throws {
    let guest = try pollingGuest()
    let attaching = try Attaching(to: guest.child.id)
    attaching.child.send(SIGKILL)
    #expect(attaching.child.wait() == -SIGKILL)
    try guest.press()
    let own = try guest.report()
    let probe = try own.device("probe").counts
    #expect(
      probe == [
        "P0": Counts(reads: 1000, writes: 1000), "M0": Counts(writes: 1000), "M1": Counts(reads: 1000),
      ])
  }
}
