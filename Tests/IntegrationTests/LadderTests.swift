import Experiments
import Foundation
import TestSupport
import Testing

@Suite("ladder counts the exits of each technology", .requiresKVM)
struct LadderTests {
  /// What a trial of 50 packets costs: exits to user space, kicks, interrupts, writes in KVM's ring.
  private static let expected: [String: [UInt64]] = [
    "e1000-naive transmit": [450, 50, 0, 0], "e1000-naive receive": [101, 0, 0, 0],
    "e1000-naive echo": [550, 50, 0, 0],
    "e1000-doorbell transmit": [1, 50, 0, 50],
    "virtio-msix transmit": [2, 2, 2, 0], "virtio-msix receive": [2, 2, 2, 0],
    "virtio-msix echo": [50, 50, 50, 0],
    "virtio-poll transmit": [0, 0, 0, 0], "virtio-poll receive": [0, 0, 0, 0],
    "virtio-poll echo": [0, 0, 0, 0],
  ]

  @Test("A handful of rungs, in every direction: exact counts, and witnesses that agree")
  func rungs() throws {
    let folder = try Scratch()
    let run = try Swiftvmm.run([
      "ladder", "--packets", "50", "--runs", "1", "--sizes", "64", "--json", folder.path("ladder.json"),
      "--rungs", "e1000-naive,e1000-doorbell,virtio-msix,virtio-thread,virtio-ioeventfd,virtio-poll",
    ])
    #expect(run.status == 0, "\(run.errors)\(run.text)")
    #expect(run.errors == "")
    let report = try JSONDecoder().decode(LadderReport.self, from: #require(run.json))
    #expect(report.schema == "swiftvmm.ladder/1")
    #expect(report.trials.count == Self.expected.count + 6)
    for trial in report.trials {
      let name = "\(trial.rung) \(trial.direction.rawValue)"
      #expect(trial.failure == nil && trial.packets == 50 && trial.frameBytes == 60, "\(name)")
      let counts = try #require(trial.runs.first)
      #expect(trial.runs.count == 1)
      let list = [counts.userExits, counts.kicks, counts.interrupts, counts.coalesced]
      if ["virtio-thread", "virtio-ioeventfd"].contains(trial.rung) {
        // A thread serves the queue, at its own pace.
        #expect((1...50).contains(counts.kicks), "\(name)")
        #expect(counts.userExits == (trial.rung == "virtio-thread" ? counts.kicks : 0), "\(name)")
        #expect(counts.interrupts <= 50, "\(name)")
      } else {
        #expect(list == Self.expected[name], "\(name)")
        #expect(trial.witnessed?.userExits == counts.userExits, "\(name)")
      }
      let witnessed = try #require(trial.witnessed)
      #expect(witnessed.differences == [], "\(name)")
      #expect(witnessed.compared > 0, "\(name)")
      // Whoever has no tracepoints has no count.
      if trial.rung == "virtio-poll", geteuid() == 0 { #expect(witnessed.kernelExits == 0, "\(name)") }
    }
  }

  @Test(
    "Bad arguments are one line and status 35", .sameOnEveryHost,
    arguments: [
      ("--packets 0", "--packets: 1 to 1000000000, please"), ("--runs 101", "--runs: 1 to 100, please"),
      ("--packets many", "--packets"), ("--rungs e1000-naive,virtio-non", "--rungs: no rung 'virtio-non'"),
      ("--rungs ,", "--rungs: no rung ''"), ("--sizes 65", "--sizes: '65' is none of 64, 1514, 64K"),
      ("--directions up", "--directions: 'up' is none of transmit, receive, echo"),
      ("--rungs e1000-doorbell --directions echo", "no rung of these goes in these directions"),
      ("--json /nowhere/ladder.json", "/nowhere/ladder.json: "),
    ])
  func mistakes(arguments: String, words: String) throws {
    expectRefusal(
      try Swiftvmm.run(["ladder"] + arguments.split(separator: " ").map(String.init)), saying: words)
  }
}
