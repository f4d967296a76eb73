import HostFacts
import TestSupport
import Testing

@testable import Experiments

/// The arithmetic and the words of a report, of runs that nobody made.
struct SurveyReportTests {
  private func trial(
    _ name: String, kernel: UInt64?, user: UInt64, hardware: UInt64? = nil, expected: UInt64? = nil,
    events: UInt64 = 1000
  ) -> SurveyReport.Trial {
    SurveyReport.Trial(
      name: name, guest: "builtin:survey op=\(name)", events: events, noun: "events",
      exits: .init(kernel: kernel, user: user, hardware: hardware), expected: expected,
      witness: "kvm_pio{port == 1}")
  }

  private func report(
    _ elimination: String, _ provocation: SurveyReport.Trial, _ remedies: [SurveyReport.Trial],
    guides: String? = nil
  ) -> SurveyReport {
    let category = SurveyReport.Category(
      name: "name", title: "title", guide: .init(frequency: "low", elimination: elimination),
      cases: [.init(provocation: provocation, remedies: remedies, guides: guides)])
    return SurveyReport(
      host: .current, nestedPaging: true,
      categories: [category])
  }

  @Test func `a count is a problem exactly where it is not what was provoked or kvm_exit differs`() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<2000 {
      let (kernel, user) = (
        UInt64.random(in: 0...2, using: &random), UInt64.random(in: 0...2, using: &random)
      )
      let expected = Bool.random(using: &random) ? UInt64.random(in: 0...4, using: &random) : nil
      let hardware = Bool.random(using: &random) ? UInt64.random(in: 0...4, using: &random) : nil
      let trial = trial("x", kernel: kernel, user: user, hardware: hardware, expected: expected)
      let isWrong = ![expected, hardware].allSatisfy { $0 == nil || $0 == kernel + user }
      #expect((trial.problem != nil) == isWrong)
      #expect(report("no", trial, []).problems.isEmpty == !isWrong)
    }
  }

  @Test func `what nobody counted is no problem and no contradiction`() {
    let blind = trial("x", kernel: nil, user: 7, expected: 1000)
    #expect(blind.problem == nil)
    #expect(report("no", blind, [trial("y", kernel: nil, user: 7)]).remarks.isEmpty)
  }

  @Test(arguments: ["no", "no, by design", "partly", "yes, virtio"])
  func `fewer exits than before contradict the guide where it says no, and only there`(elimination: String) {
    for left in UInt64(0)...3 {
      let remedy = trial("remedy", kernel: 0, user: left)
      let report = report(elimination, trial("x", kernel: 1, user: 1, expected: 2), [remedy])
      let contradicts = report.remarks.contains { $0.contains("no way to eliminate") }
      #expect(contradicts == (elimination.hasPrefix("no") && left < 2))
    }
  }

  @Test func `the best of several means is the one that is named`() throws {
    let means = [
      trial("good", kernel: 0, user: 5), trial("best", kernel: 1, user: 1), trial("bad", kernel: 0, user: 50),
    ]
    let remarks = report("no", trial("x", kernel: 0, user: 100, expected: 100), means).remarks
    let remark = try #require(remarks.first { $0.contains("no way to eliminate") })
    #expect(remark.contains("best 2 exits are left of 100"))
  }

  @Test func `what is unavailable before counts as what it would be`() {
    var provocation = trial("x", kernel: 0, user: 0)
    provocation.exits = nil
    provocation.unavailable = "nested paging is on"
    let remarks = report("no", provocation, [trial("EPT", kernel: 0, user: 0)]).remarks
    #expect(remarks == ["x: the guide sees no way to eliminate these; with EPT no exits are left of 1 000."])
  }

  @Test func `means that the guide does not name are told of where they do as well`() {
    let means = [
      trial("virtio", kernel: 0, user: 3), trial("equal", kernel: 3, user: 0),
      trial("worse", kernel: 0, user: 4),
    ]
    let provocation = trial("x", kernel: 0, user: 100, expected: 100)
    let remarks = report("yes, virtio", provocation, means, guides: "virtio").remarks
    #expect(remarks == ["x: the guide names virtio (3 exits are left); equal does no worse."])
  }

  @Test func `every line fits, and nothing is left out`() {
    var long = trial("a provocation with a long name", kernel: 0, user: 0)
    long.exits = nil
    long.unavailable = String(repeating: "some reason or other ", count: 20)
    let report = report(
      "no", long, [trial("remedy", kernel: 1_000_000, user: 1_000_000, hardware: 3), long])
    let lines = report.lines
    #expect(lines.allSatisfy { $0.count <= BenchReport.width })
    let words = lines.joined(separator: " ").split(separator: " ").filter { $0 == "reason" }
    #expect(words.count == 20)
    #expect(lines.contains { $0.contains("as above") })
    #expect(lines.contains { $0.hasPrefix("WRONG: remedy") })
  }
}
