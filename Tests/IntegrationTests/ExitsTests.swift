import Report
import TestSupport
import Testing

/// builtin:exits makes as many exits of each kind as it is told; the report has to say the same number.
@Suite("Counts are exactly what the guest did", .requiresKVM)
struct ExitsTests {
  struct Wish: Sendable, CustomTestStringConvertible {
    var io: UInt64 = 0
    var mmio: UInt64 = 0
    var cpuid: UInt64 = 0
    var hlt: UInt64 = 0
    var rdmsr: UInt64 = 0

    static let all = [
      Wish(), Wish(io: 1), Wish(mmio: 1), Wish(cpuid: 1), Wish(hlt: 1), Wish(rdmsr: 1),
      Wish(io: 3, mmio: 5, cpuid: 7, hlt: 11, rdmsr: 13),
      Wish(io: 1000, mmio: 1000, cpuid: 1000, hlt: 1000, rdmsr: 1000),
    ]

    var words: [String] { ["io=\(io)", "mmio=\(mmio)", "cpuid=\(cpuid)", "hlt=\(hlt)", "rdmsr=\(rdmsr)"] }
    var testDescription: String { words.joined(separator: " ") }

    /// What the report has to say of the probe.
    var probe: [String: Counts] {
      let counts = ["P0": Counts(writes: io), "M0": Counts(writes: mmio), "PROBE_MSR": Counts(reads: rdmsr)]
      return counts.filter { $0.value != Counts() }
    }

    /// Exits by reason, with those of start-up and end: three of fw_cfg, one of debug-exit.
    var reasons: [String: UInt64] {
      ["io": io + 4, "mmio": mmio, "rdmsr": rdmsr].filter { $0.value > 0 }
    }
  }

  /// A count of the kernel's: the wish where the host tells, and why not where it does not.
  private func expect(_ kernel: RunReport.KernelReport, cpuid: UInt64, hlt: UInt64) {
    for (key, value, wish) in [("cpuid", kernel.cpuid, cpuid), ("hlt", kernel.hlt, hlt)] {
      if let value {
        #expect(value == wish, "\(key)")
      } else {
        #expect(kernel.unavailable[key]?.isEmpty == false)
      }
    }
  }

  @Test(
    "With the kernel's interrupt controllers the kernel answers HLT as well as CPUID", arguments: Wish.all,
    [(1, 3), (1, 0), (2, 3), (2, 0)])
  func kernelControllers(wish: Wish, machine: (cpus: Int, cpl: Int)) throws {
    let run = try Swiftvmm.boot(
      ["builtin:exits"] + wish.words + ["cpl=\(machine.cpl)", "--cpus", "\(machine.cpus)"])
    #expect(run.status == 0)
    let report = try run.report
    #expect(report.exits.byReason == wish.reasons)
    #expect(try report.device("probe").counts == wish.probe)
    #expect(Set(report.counts.keys).subtracting(["probe"]) == ["debug-exit", "fw_cfg"])
    #expect(report.vcpus.count == machine.cpus)
    expect(report.kernel, cpuid: wish.cpuid, hlt: wish.hlt)
  }

  @Test(
    "Without them HLT is an exit, and the guest's 8259 pair and its EOIs are exits too", arguments: Wish.all,
    [3, 0])
  func noKernelControllers(wish: Wish, cpl: Int) throws {
    let run = try Swiftvmm.boot(["builtin:exits"] + wish.words + ["cpl=\(cpl)", "--irqchip", "none"])
    #expect(run.status == 0)
    let report = try run.report
    var reasons = wish.reasons
    if wish.hlt > 0 {
      // The guest initialises the pair with ten writes; an HLT takes two writes to the UART's IER, and an EOI.
      reasons["io"]! += 10 + 3 * wish.hlt
      reasons["hlt"] = wish.hlt
      #expect(try report.device("uart").counts == ["IER/DLM": Counts(writes: 2 * wish.hlt)])
      #expect(try report.device("pic").writes == 10 + wish.hlt)
    }
    #expect(report.exits.byReason == reasons)
    #expect(try report.device("probe").counts == wish.probe)
    expect(report.kernel, cpuid: wish.cpuid, hlt: 0)
  }

  @Test("Twenty runs on two vCPUs give the same counts")
  func repetition() throws {
    let wish = Wish(io: 101, mmio: 103, cpuid: 107, hlt: 9, rdmsr: 109)
    func report() throws -> RunReport {
      try Swiftvmm.boot(["builtin:exits"] + wish.words + ["--cpus", "2"]).report
    }
    let first = try report()
    for _ in 1..<Lab.repetitions(20) {
      let next = try report()
      #expect(next.counts == first.counts)
      #expect(next.vcpus == first.vcpus)
      #expect(next.kernel == first.kernel)
    }
  }

  @Test("--no-kernel-counts leaves the kernel's counts out, and nothing else")
  func noKernelCounts() throws {
    let report = try Swiftvmm.boot(
      "builtin:exits", "io=2", "mmio=0", "rdmsr=0", "hlt=0", "--no-kernel-counts"
    ).report
    #expect(report.exits.byReason == ["io": 6])
    #expect((report.kernel.cpuid, report.kernel.hlt) == (nil, nil))
  }

  @Test(
    "REP OUTS exits once an item, REP INS moves items as the kernel groups them; each item is counted once",
    arguments: [1, 2, 4], [1, 64, 5000])
  func stringInstructions(size: Int, items: UInt64) throws {
    let out = try Swiftvmm.boot("builtin:string-io", "mode=out", "size=\(size)", "items=\(items)")
    #expect(out.status == 0)
    #expect(try out.report.device("probe").counts == ["P0": Counts(writes: items)])
    let probe = try Swiftvmm.boot("builtin:string-io", "mode=in", "size=\(size)", "items=\(items)").report
      .device("probe")
    #expect(probe.counts == ["P0": Counts(reads: items)])
    // KVM brings at most a page of data in one exit.
    #expect((items * UInt64(size) + 4095) / 4096...items ~= probe.exits)
  }
}
