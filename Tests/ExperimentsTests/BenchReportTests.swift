import Foundation
import TestSupport
import Testing

@testable import Experiments
@testable import HostFacts

struct BenchReportTests {
  private static let host = HostFacts(kvm: .svm, kernel: "6.12.0", cpu: "a processor")

  /// A line whose samples are all `cycles`.
  private static func result(
    _ name: String, _ level: Int?, cycles: UInt32, counted: UInt64? = 3, verified: Bool = true,
    silence: String? = nil
  ) -> BenchResult {
    var result = BenchResult(BenchCase(row: BenchRow.named(name)!, level: level))
    var raw = RawMeasurement(group: 1)
    raw.addBaseline(([0, 0, 0], 0))
    raw.addOperation(([cycles, cycles, cycles], 3e-9 * Double(cycles)))
    result.take(raw, timestampKHz: 1_000_000)
    result.count = counted.map {
      BenchResult.Count(by: "ledger", operations: 3, counted: $0, verified: verified, silence: silence)
    }
    return result
  }

  private static func report(_ results: [BenchResult]) -> BenchReport {
    BenchReport(
      host: host, timestampKHz: 1_000_000, results: results, systemCall: result("getpid", nil, cycles: 100))
  }

  // MARK: The break-down

  @Test func `the parts of an exit are its whole`() {
    var random = SplitMix64(seed: 17)
    for _ in 0..<200 {
      let (kernel, user, dispatch) = (
        UInt32.random(in: 1...100_000, using: &random), UInt32.random(in: 1...1_000_000, using: &random),
        UInt32.random(in: 1...1000, using: &random)
      )
      for (path, names) in [
        (Breakdown.Path.port, ("pic-in", "pio-in")), (.memory, ("lapic-read", "mmio-read")),
      ] {
        let results = [
          Self.result(names.0, 0, cycles: kernel), Self.result(names.1, 0, cycles: user),
          Self.result("dispatch", nil, cycles: dispatch),
        ]
        let all = Breakdown.all(from: results.shuffled(using: &random))
        #expect(all.map(\.path) == [path])
        let parts = all[0]
        #expect(parts.cpl == 0)
        #expect(parts.kernelCycles + parts.userCycles + parts.dispatchCycles == parts.totalCycles)
        #expect(
          [parts.kernelCycles, parts.dispatchCycles, parts.totalCycles]
            == [kernel, dispatch, user].map(Double.init))
      }
    }
  }

  @Test func `without one of its rows, or with one that is no exit, there is no break-down`() {
    let whole = [
      Self.result("pic-in", 3, cycles: 10), Self.result("pio-in", 3, cycles: 30),
      Self.result("dispatch", nil, cycles: 5),
    ]
    #expect(Breakdown.all(from: whole).count == 1)
    for index in whole.indices {
      var part = whole
      part.remove(at: index)
      #expect(Breakdown.all(from: part).isEmpty)
    }
    let silent = [Self.result("pic-in", 3, cycles: 10, counted: 0, silence: "no exit")] + whole.dropFirst()
    #expect(Breakdown.all(from: silent).isEmpty)
  }

  // MARK: Published figures

  @Test func `published figures stand beside rows that exist and were measured`() {
    for figure in PublishedFigure.all { #expect(BenchRow.named(figure.row) != nil, "\(figure.row)") }
    #expect(PublishedFigure.beside([]).isEmpty)
    let beside = PublishedFigure.beside([
      Self.result("rdmsr", 0, cycles: 870), Self.result("cr3", 0, cycles: 1),
    ])
    #expect(beside.map(\.row) == ["rdmsr"])
    #expect(beside[0].unit == .microseconds)
    #expect(beside[0].atCPL0 == 0.87)
    #expect(beside[0].atCPL3 == nil)
    let silent = Self.result("cpuid", 3, cycles: 9, counted: 0, silence: "answered below")
    #expect(PublishedFigure.beside([silent]).isEmpty)
  }

  // MARK: The report

  @Test func `each row is compared with the system call`() {
    let report = Self.report([
      Self.result("pio-out", 3, cycles: 2500), Self.result("getpid", nil, cycles: 100),
    ])
    #expect(report.rows.map(\.systemCalls) == [25, 1])
  }

  @Test func `a wrong count is named`() {
    let report = Self.report([
      Self.result("pio-out", 0, cycles: 1), Self.result("pio-out", 3, cycles: 1, counted: 2, verified: false),
    ])
    #expect(report.miscounts.map(\.place) == ["pio-out@3"])
    #expect(report.text.contains("* pio-out@3: MISCOUNTED: ledger saw 2 of 3"))
  }

  @Test func `it survives its JSON`() throws {
    let report = Self.report([
      Self.result("pic-in", 0, cycles: 100), Self.result("pio-in", 0, cycles: 300),
      Self.result("dispatch", nil, cycles: 10),
    ])
    #expect(try JSONDecoder().decode(BenchReport.self, from: JSONEncoder().encode(report)) == report)
    #expect(report.schema == "swiftvmm.bench/1")
  }

  @Test func `the table fits 120 columns, whatever the figures, and reasons are said once`() {
    let reason = "this host lacks something whose name is long, " + String(repeating: "and so on ", count: 30)
    for cycles in [0, 1, 99, 999, 9999, 123_456, 99_999_999, UInt32.max] {
      let results = BenchCase.all.enumerated().map { index, line in
        var result = Self.result(line.row.name, line.level, cycles: cycles, counted: 34000)
        if index % 5 == 4 { result.count = nil }
        if index % 5 == 4 { result.countUnavailable = reason }
        return result
      }
      let lines = Self.report(results).text.split(separator: "\n")
      for line in lines { #expect(line.count <= 120, "\(line)") }
      for group in BenchRow.Group.allCases { #expect(lines.contains { $0 == group.title }) }
      #expect(lines.filter { $0.contains("not counted: this host") }.count <= BenchRow.Group.allCases.count)
    }
  }

  @Test func `a row that cannot be has its reason for a line`() {
    var result = BenchResult(BenchCase(row: BenchRow.named("touch-2m")!, level: 3))
    result.unavailable = "no huge pages"
    #expect(Self.report([result]).text.contains("  touch-2m         3  unavailable: no huge pages\n"))
  }

  @Test func `brief numbers have three digits, and few characters`() {
    let expected: [(Double, String)] = [
      (0, "0.00 ns"), (0.5, "0.50 ns"), (9.99, "9.99 ns"), (9.999, "10.0 ns"), (99.96, "100 ns"),
      (999.4, "999 ns"),
      (999.6, "1.00 us"), (14_770, "14.8 us"), (999_499, "999 us"), (999_600, "1.00 ms"), (2.5e9, "2.50 s"),
      (-1500, "-1.50 us"),
    ]
    for (value, text) in expected { #expect(briefTime(value) == text) }
    let counts: [(Double, String)] = [
      (0, "0.00"), (5.25, "5.25"), (99.96, "100"), (2400, "2400"), (9999.4, "9999"), (9999.6, "10.0k"),
      (123_456, "123k"), (999_600, "1.00M"), (4.2e9, "4.20G"),
    ]
    for (value, text) in counts { #expect(briefCount(value) == text) }
    var random = SplitMix64(seed: 23)
    for _ in 0..<2000 {
      let value =
        Double.random(in: 0..<1, using: &random) * [1, 1e3, 1e6, 1e9].randomElement(using: &random)!
      #expect(briefTime(value).count <= 7)
      #expect(briefCount(value).count <= 6)
    }
  }
}
