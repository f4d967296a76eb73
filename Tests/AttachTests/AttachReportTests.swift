import HostFacts
import Testing

@testable import Attach

struct AttachReportTests {
  private static func address(
    _ space: String, _ address: UInt64?, name: String? = nil, exits: UInt64, userSpace: UInt64? = nil,
    undecided: UInt64? = nil
  ) -> AttachReport.AddressReport {
    AttachReport.AddressReport(
      space: space, address: address, name: name, exits: exits, reads: 0, writes: exits, userSpace: userSpace,
      undecided: undecided)
  }

  private static func report(_ addresses: [AttachReport.AddressReport] = []) -> AttachReport {
    AttachReport(
      host: HostFacts(root: "/nowhere"),
      target: AttachReport.TargetReport(pid: 7, command: "qemu", machines: 1, vcpus: 2), end: .duration,
      durationSeconds: 2, threads: AttachReport.Threads(atStart: 3, appeared: 1, ended: 0, refused: 0),
      userSpace: AttachReport.Exits(total: 3000, byReason: ["io": 2000, "mmio": 900]),
      hardware: AttachReport.Exits(total: 5, byReason: ["HLT": 5]),
      tracepoints: [
        AttachReport.TracepointReport(name: "kvm_userspace_exit", count: 3000, lost: 100),
        AttachReport.TracepointReport(name: "kvm_page_fault", count: 12, lost: nil),
      ],
      addresses: addresses, ranges: [], vcpus: [],
      records: AttachReport.Records(lost: 100, unplaced: 0), unavailable: ["kvm_cpuid": "because"])
  }

  /// The cells behind a name, blanks between thousands taken for blanks between cells.
  private func row(_ name: String, in lines: [String]) -> [String] {
    for line in lines.map({ $0.drop { $0 == " " } }) where line.hasPrefix(name + " ") {
      return line.dropFirst(name.count).split(separator: " ").map(String.init)
    }
    return []
  }

  @Test func `lost records and what is unavailable are lines of their own`() {
    let lines = Self.report().lines()
    #expect(lines.contains { $0.hasPrefix("lost: 100 of 3 000 records of kvm_userspace_exit") })
    #expect(lines.contains("kvm_cpuid unavailable: because"))
    #expect(!lines.contains("lost: nothing"))
  }

  @Test func `rates are of all the time, or of the time since an earlier report`() throws {
    var earlier = Self.report()
    earlier.durationSeconds = 1
    earlier.userSpace?.total = 1000
    earlier.userSpace?.byReason["io"] = 500
    let (all, since) = (Self.report().lines(), Self.report().lines(since: earlier))
    let all500 = try #require(all.first { $0.hasPrefix("to user space") })
    #expect(all500.hasSuffix(" 1 500"))
    let since2000 = try #require(since.first { $0.hasPrefix("to user space") })
    #expect(since2000.hasSuffix(" 2 000"))
    #expect(try #require(since.first { $0.hasPrefix("  io ") }).hasSuffix(" 1 500"))
  }

  @Test func `addresses stand below their range or their space, the busiest first, and none is left out`()
    throws
  {
    var report = Self.report([
      Self.address("port", 0x20, exits: 5, userSpace: 0, undecided: 0),
      Self.address("port", 0xc000, name: "nic", exits: 7, userSpace: 3, undecided: 2),
      Self.address("port", 0xc004, name: "nic", exits: 9, userSpace: 9, undecided: 0),
      Self.address("memory", nil, exits: 1, userSpace: 1, undecided: 0),
      Self.address("msr", 0x10, exits: 4),
    ])
    report.ranges = [
      AttachReport.RangeReport(
        name: "nic", first: 0xc000, last: 0xc03f, exits: 16, reads: 0, writes: 16, userSpace: 12, undecided: 2
      )
    ]
    let lines = report.lines()
    let start = try #require(lines.firstIndex { $0.hasPrefix("address") })
    let names = lines[(start + 2)...].prefix { !$0.isEmpty }.map { $0.prefix(23).trimmingCharacters() }
    #expect(
      names == [
        "nic", "0xc004", "0xc000", "ports", "0x20", "memory", "(further addresses)", "MSRs of the kernel",
        "0x10",
      ])
    #expect(row("nic", in: lines) == ["16", "0", "16", "12-14"])
    #expect(row("0xc000", in: lines) == ["7", "0", "7", "3-5"])
    #expect(row("0x10", in: lines) == ["4", "0", "4"])
    let short = report.lines(addressLimit: 1)
    #expect(short.contains { $0.hasPrefix("  (1 more)") })
    #expect(row("nic", in: short) == ["16", "0", "16", "12-14"])
  }
}

extension StringProtocol {
  /// Without blanks at either end; the tests have no Foundation here.
  fileprivate func trimmingCharacters() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
