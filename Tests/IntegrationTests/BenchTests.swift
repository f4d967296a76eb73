import Experiments
import Foundation
import TestSupport
import Testing

@Suite("bench measures what its witnesses confirm", .requiresKVM)
struct BenchTests {
  private func bench(_ arguments: String..., under wrapper: [String] = []) throws -> (
    run: Run, report: BenchReport
  ) {
    let folder = try Scratch()
    let run = try Swiftvmm.run(
      ["bench"] + arguments + ["--json", folder.path("bench.json")], under: wrapper)
    return (run, try JSONDecoder().decode(BenchReport.self, from: #require(run.json, "\(run.errors)")))
  }

  /// What must hold of a row wherever it was measured.
  private func check(_ row: BenchResult) throws {
    guard row.unavailable == nil else {
      #expect(row.unavailable?.isEmpty == false, "\(row.place)")
      #expect(row.cycles == nil, "\(row.place)")
      return
    }
    let operations = try #require(row.operations, "\(row.place)")
    let cycles = try #require(row.cycles)
    #expect(
      UInt64(cycles.samples) * UInt64(try #require(row.operationsPerSample)) == operations, "\(row.place)")
    #expect(cycles.minimum <= cycles.median && cycles.median <= cycles.p99, "\(row.place)")
    if let count = row.count {
      #expect(count.verified, "\(row.place): \(count.by) saw \(count.counted) of \(count.operations)")
      #expect(count.counted == count.operations || count.counted == 0 && count.silence?.isEmpty == false)
    } else {
      #expect(row.countUnavailable?.isEmpty == false, "\(row.place)")
    }
  }

  @Test("Every row counts exactly, or says why it cannot be or cannot be counted")
  func everyRow() throws {
    let (run, report) = try bench("--samples", "20")
    #expect(run.status == 0)
    #expect(report.schema == "swiftvmm.bench/1")
    #expect(
      report.rows.map(\.place)
        == BenchCase.all.map { line in
          line.level.map { "\(line.row.name)@\($0)" } ?? line.row.name
        })
    for row in report.rows { try check(row) }
    #expect(!run.text.contains("MISCOUNTED"))
    // Nothing on stderr: it is no terminal.
    #expect(run.errors == "")
    for line in run.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
  }

  @Test("What the kernel answers never comes to user space, and what user space answers always does")
  func exitsToUserSpace() throws {
    let (_, report) = try bench("--samples", "40")
    for row in report.rows where row.unavailable == nil {
      guard let operations = row.operations, let exits = row.exitsToUserSpace else {
        #expect(row.group == .host, "\(row.place)")
        continue
      }
      switch row.name {
      case "coalesced-out", "coalesced-write": #expect(exits == operations / 170, "\(row.place)")
      case "rep-ins": #expect((operations / 64...operations).contains(exits), "\(row.place)")
      default: #expect(exits == (row.group == .user ? operations : 0), "\(row.place)")
      }
    }
  }

  @Test("--rows chooses lines, and --samples their number")
  func selection() throws {
    let (run, report) = try bench("--rows", "pio-out@3,e1000-*", "--samples", "60")
    #expect(run.status == 0)
    #expect(
      report.rows.map(\.place) == [
        "pio-out@3", "e1000-write@0", "e1000-write@3", "e1000-read@0", "e1000-read@3",
      ])
    #expect(
      report.rows.allSatisfy { $0.operations == 60 && $0.count?.counted == 60 && $0.count?.by == "ledger" })
    #expect(report.rows.allSatisfy { ($0.systemCalls ?? 0) > 0 })
    #expect(report.breakdown.isEmpty)
    #expect(report.published.map(\.row) == ["e1000-read"])
  }

  @Test("The break-down's parts are the exit")
  func breakdown() throws {
    let (run, report) = try bench("--rows", "pic-in,pio-in,lapic-read,mmio-read,dispatch", "--samples", "100")
    #expect(Set(report.breakdown.map(\.path)).contains(.port))
    for parts in report.breakdown {
      let sum = parts.kernelCycles + parts.userCycles + parts.dispatchCycles
      #expect(abs(sum - parts.totalCycles) < 1e-6)
      let rows = report.rows.filter { $0.cpl == parts.cpl }
      #expect(rows.first { $0.name == parts.path.rows.user }?.cycles?.median == parts.totalCycles)
      #expect(rows.first { $0.name == parts.path.rows.kernel }?.cycles?.median == parts.kernelCycles)
    }
    #expect(run.text.contains("the study guide"))
  }

  @Test("Without the right to use tracepoints the rest is counted all the same")
  func withoutTracepoints() throws {
    let (run, report) = try bench(
      "--rows", "getpid,ledger,cpuid,pio-in,ioeventfd-out,pte-invlpg", "--samples", "40",
      under: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"])
    #expect(run.status == 0)
    for row in report.rows {
      try check(row)
      if ["getpid", "cpuid"].contains(row.name) {
        #expect(row.count == nil, "\(row.place)")
      } else {
        #expect(row.count?.verified == true, "\(row.place): \(row.countUnavailable ?? "")")
      }
    }
  }

  @Test("A host without huge pages says so, and measures the rest")
  func withoutHugePages() throws {
    let hide = "mount -t tmpfs none /sys/kernel/mm/transparent_hugepage; exec \"$@\""
    let (run, report) = try bench(
      "--rows", "touch-*@3", "--samples", "20", under: ["unshare", "--mount", "sh", "-ec", hide, "sh"])
    #expect(run.status == 0)
    #expect(report.rows.map { $0.unavailable == nil } == [true, false])
    #expect(report.rows[1].unavailable?.contains("transparent huge pages") == true)
    #expect(run.text.contains("unavailable: this kernel has no transparent huge pages"))
  }

  @Test("--rows list says what each row is, and measures nothing")
  func list() throws {
    let run = try Swiftvmm.run(["bench", "--rows", "list"])
    #expect(run.status == 0)
    for row in BenchRow.all { #expect(run.text.contains("  \(row.name) "), "\(row.name)") }
    for line in run.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
  }

  @Test(
    "A mistake is one line and status 35",
    arguments: [
      ["--rows", "nothing"], ["--rows", ""], ["--samples", "0"], ["--samples", "many"], ["--row", "x"],
    ])
  func mistakes(arguments: [String]) throws {
    let run = try Swiftvmm.run(["bench"] + arguments)
    #expect(run.status == 35)
    #expect(run.text == "")
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
  }

  @Test("A signal ends it at once", arguments: [SIGINT, SIGTERM])
  func signal(number: Int32) throws {
    let folder = try Scratch()
    let file = folder.path("bench.json")
    let child = try Child(
      [try Swiftvmm.path(), "bench", "--samples", "60000", "--json", file],
      [.path("/dev/null"), .path("/dev/null"), .path("/dev/null")])
    // The file is made once signals are waited for.
    try wait(for: "the file never comes") { FileManager.default.fileExists(atPath: file) }
    child.send(number)
    #expect(child.wait() == 130)
  }
}
