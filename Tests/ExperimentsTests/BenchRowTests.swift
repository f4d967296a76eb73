import HostFacts
import TestSupport
import Testing

@testable import Experiments

struct BenchRowTests {
  @Test func `names are unique, short enough for the table, and found`() {
    let names = BenchRow.all.map(\.name)
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name.count <= 15, "\(name)")
      #expect(name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(name)")
      #expect(BenchRow.named(name)?.name == name)
    }
    #expect(BenchRow.named("pio") == nil)
  }

  @Test func `the rows stand group by group, and each group has some`() {
    let groups = BenchRow.all.map(\.group)
    #expect(BenchRow.Group.allCases.flatMap { group in groups.filter { $0 == group } } == groups)
    #expect(Set(groups) == Set(BenchRow.Group.allCases))
  }

  @Test func `what needs CPL 0 is done there alone`() {
    let privileged = ["rdmsr", "wrmsr", "cr3", "invlpg", "halt"]
    for row in BenchRow.all {
      switch row.work {
      case .host: #expect(row.levels.isEmpty, "\(row.name)")
      case .guest(let operation):
        #expect(row.levels == (privileged.contains(operation.name) ? [0] : [0, 3]), "\(row.name)")
      }
    }
  }

  @Test func `a line of the list fits a terminal`() {
    for row in BenchRow.all { #expect(row.summary.count <= 88, "\(row.summary)") }
  }

  @Test func `batches hold as many samples as were asked for, and never more than the image has room for`() {
    var random = SplitMix64(seed: 11)
    for row in BenchRow.all {
      guard case .guest(let operation) = row.work else { continue }
      for wanted in [nil, 1, 2, 20, 65536, 100_000]
        + (0..<50).map({ _ in Int.random(in: 1...70000, using: &random) })
      {
        let plan = operation.plan(samples: wanted)
        let samples = min(wanted ?? operation.samples, GuestOperation.mostSamples)
        #expect((1...operation.largestBatch).contains(plan.count))
        #expect(plan.batches >= 1)
        #expect(
          (samples - plan.count + 1...samples).contains(plan.count * plan.batches), "\(row.name) \(samples)")
      }
    }
  }

  @Test func `a PVM host excuses a count of 0 at one privilege level alone`() {
    var excused: [String] = []
    for row in BenchRow.all {
      guard case .guest(let operation) = row.work else { continue }
      for level in [0, 3] where operation.witness.reasonForSilence(on: .pvm, level: level) != nil {
        excused.append("\(row.name)@\(level)")
      }
    }
    #expect(excused == ["cpuid@3", "touch-4k@0", "touch-2m@0", "pte-map@0"])
  }

  @Test func `a row may go uncounted only with a reason`() {
    for row in BenchRow.all {
      guard case .guest(let operation) = row.work else { continue }
      let witness = operation.witness
      #expect(witness.source(on: .pvm) == witness.onPVM ?? witness.source)
      #expect(witness.source(on: .svm) == witness.onSVM ?? witness.source)
      for host in [HostKind.vtx, .unknown] { #expect(witness.source(on: host) == witness.source) }
      for host in HostKind.allCases {
        for level in [0, 3] {
          #expect(witness.reasonForSilence(on: host, level: level)?.isEmpty != true, "\(row.name)")
        }
      }
      switch witness.source {
      case .ledger, .doorbell:
        // Nothing but an exit, or KVM, reaches these.
        #expect(
          HostKind.allCases.allSatisfy { host in
            [0, 3].allSatisfy { witness.reasonForSilence(on: host, level: $0) == nil }
          }, "\(row.name)")
      default: break
      }
    }
  }
}
