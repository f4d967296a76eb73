import HostFacts
import TestSupport
import Testing

@testable import Experiments

/// Rungs, trials, and the arithmetic and words of a report of runs that nobody made.
struct LadderTests {
  private func run(_ exits: UInt64, seconds: Double = 0.5) -> LadderReport.Run {
    LadderReport.Run(
      userExits: exits,
      registers: [.init(device: "e1000", name: "TDT", reads: 0, writes: exits)], coalesced: 0, kicks: exits,
      interrupts: 0, seconds: seconds, processorSeconds: seconds)
  }

  private func trial(
    _ exits: [UInt64], witnessed: UInt64? = nil, isExact: Bool = true, differences: [String] = []
  ) -> LadderReport.Trial {
    LadderReport.Trial(
      rung: "rung", title: "A rung", direction: .transmit, size: .smallest, frameBytes: 60, packets: 1000,
      command: "", explanation: "why", isExact: isExact, runs: exits.map { run($0) },
      witnessed: witnessed.map {
        .init(
          userExits: $0, kernelExits: 7, interrupts: 0, compared: 3, differences: differences,
          unavailable: [:])
      })
  }

  @Test func `rungs have names of their own`() {
    #expect(Set(LadderRung.all.map(\.name)).count == LadderRung.all.count)
    #expect(
      Set(LadderRung.all.map(\.title)).count >= LadderRung.all.count - 1, "E1000 interrupts go both ways")
  }

  @Test func `every rung goes somewhere, and the large frames only where somebody cuts them`() {
    for rung in LadderRung.all {
      #expect(!LadderTrial.all([rung], LadderDirection.allCases, LadderSize.allCases, packets: 1000).isEmpty)
      #expect(
        (LadderTrial(rung, .transmit, .offloaded, packets: 1000) != nil)
          == (rung.offloads && rung.directions.contains(.transmit)))
    }
  }

  @Test func `a trial says all that its guest needs`() throws {
    let rung = try #require(LadderRung.all.first { $0.name == "virtio-ioeventfd" })
    let trial = try #require(LadderTrial(rung, .receive, .largest, packets: 500))
    #expect(
      trial.command
        == "swiftvmm boot builtin:virtio-net-rx packets=500 irq=1 vector=msix event_idx=1 batch=1 size=1514 "
        + "--nic virtio-net-pci,backend=source,queue=thread,size=1514")
  }

  @Test func `a batch is never larger than the whole`() throws {
    let rung = try #require(LadderRung.all.first { $0.name == "virtio-1000" })
    #expect(try #require(LadderTrial(rung, .transmit, .smallest, packets: 10)).words.contains("batch=10"))
  }

  @Test(arguments: [
    ("virtio*", 14), ("e1000-naive", 1), ("e1000-naive,virtio-4", 2), ("*-irq", 3), ("*", 26),
  ])
  func `rungs are chosen by patterns`(text: String, count: Int) {
    var unknown = ""
    #expect(LadderRung.selected(by: text, unknown: &unknown)?.count == count)
  }

  @Test(arguments: ["", "virtio-5", "virtio,,", "e1000*naive*x"])
  func `what names no rung is said`(text: String) {
    var unknown = "?"
    #expect(LadderRung.selected(by: text, unknown: &unknown) == nil)
    #expect(unknown != "?")
  }

  @Test func `runs that differ are a problem exactly where they must not`() {
    #expect(trial([9, 9, 9], witnessed: 9).problems.isEmpty)
    #expect(trial([9, 9, 8], witnessed: 9).problems.count == 1)
    #expect(trial([9, 9, 9], witnessed: 8).problems.count == 1)
    #expect(trial([9, 8, 7], witnessed: 6, isExact: false).problems.isEmpty)
    #expect(trial([9], witnessed: 9, differences: ["exits to user space"]).problems.count == 1)
    var failed = trial([])
    failed.failure = "it broke"
    #expect(failed.problems.count == 1)
  }

  @Test func `figures are those of the middle run`() {
    var trial = trial([1000, 3000, 2000])
    trial.runs[0].seconds = 1
    trial.runs[1].seconds = 2
    trial.runs[2].seconds = 4
    #expect(trial.middle?.userExits == 2000)
    #expect(trial.rates == [250, 500, 1000])
    #expect(trial.medianRate == 500)
    #expect(trial.gigabits == 500 * 60 * 8 / 1e9)
  }

  @Test func `a bar has a tick for the first exit and three for a tenfold`() {
    #expect(LadderReport.ticks(0) == 0)
    #expect(LadderReport.ticks(0.0005) == 1)
    #expect(LadderReport.ticks(0.00101) == 2)
    for exponent in 0..<4 {
      let exits = 0.0011 * [1, 10, 100, 1000][exponent]
      #expect(LadderReport.ticks(exits) == 2 + 3 * exponent)
    }
    #expect(LadderReport.ticks(1e9) == 14)
  }

  @Test func `every line of the report fits its width, and what went wrong stands in it`() {
    var failed = trial([])
    failed.failure = "the run ended by time-limit, status 36"
    let report = LadderReport(
      host: .current, trials: [trial([9000, 9000], witnessed: 9000), failed, trial([1, 2])])
    #expect(report.lines.allSatisfy { $0.count <= LadderReport.width })
    #expect(report.lines.contains { $0.hasPrefix("WRONG: rung, transmit, 64: the run ended by time-limit") })
    #expect(report.lines.contains { $0.contains("TDT written 9 a packet") })
    #expect(report.problems.count == 2)
  }

  @Test func `latency is read from the line of an echo`() {
    let said =
      "virtio-net-echo: 10 packets came back; latency: median 47123 ns, 99% 61000 ns, min 40000 ns, max 90000 ns"
    #expect(LadderReport.Latency(said) == .init(medianNanoseconds: 47123, p99Nanoseconds: 61000))
    #expect(LadderReport.Latency("nothing of the kind") == nil)
    #expect(LadderReport.Latency("latency: median ns") == nil)
  }
}
