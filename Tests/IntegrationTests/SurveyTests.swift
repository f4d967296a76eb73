import Experiments
import Foundation
import HostFacts
import TestSupport
import Testing

@Suite("survey provokes every kind of exit and counts it", .requiresKVM)
struct SurveyTests {
  private func survey(
    _ arguments: String..., under wrapper: [String] = []
  ) throws -> (run: Run, report: SurveyReport) {
    let folder = try Scratch()
    let run = try Swiftvmm.run(
      ["survey"] + arguments + ["--json", folder.path("survey.json")], under: wrapper)
    return (run, try JSONDecoder().decode(SurveyReport.self, from: #require(run.json, "\(run.errors)")))
  }

  /// A trial has counts, or says why not, and what was provoked is what was counted.
  private func check(_ trial: SurveyReport.Trial) {
    #expect(trial.failure == nil, "\(trial.name)")
    #expect((trial.exits == nil) == (trial.unavailable != nil), "\(trial.name)")
    guard let exits = trial.exits else {
      #expect(trial.unavailable?.isEmpty == false, "\(trial.name)")
      #expect(trial.cost == nil && trial.seconds == nil, "\(trial.name)")
      return
    }
    #expect((exits.kernel == nil) == (exits.kernelUnavailable != nil), "\(trial.name)")
    if let expected = trial.expected, let total = exits.total {
      #expect(total == expected, "\(trial.name): \(trial.witness)")
    }
    if let hardware = exits.hardware { #expect(hardware == exits.total, "\(trial.name)") }
    if let cost = trial.cost {
      #expect((cost.medianNanoseconds == nil) == (cost.unavailable != nil), "\(trial.name)")
    }
  }

  @Test(
    "Each category is what the guest provoked, or says why not", arguments: SurveyCategory.all.map(\.name))
  func category(name: String) throws {
    let (run, report) = try survey("--categories", name)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors == "")
    #expect(report.schema == "swiftvmm.survey/1")
    let category = try #require(SurveyCategory.named(name))
    #expect(report.categories.map(\.name) == [name])
    #expect(report.categories.map(\.guide) == [category.guide])
    for one in report.categories.flatMap(\.cases) {
      check(one.provocation)
      if one.provocation.exits != nil {
        #expect((one.provocation.expected == nil) == (one.provocation.unforeseen?.isEmpty == false))
      }
      for remedy in one.remedies { check(remedy) }
    }
    for line in run.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    #expect(run.text.contains(category.title))
    #expect(run.text.contains(category.guide.elimination))
  }

  @Test("What a device's technique promises holds on every host")
  func devices() throws {
    let (_, report) = try survey("--categories", "io-emulated,io-virtio,mmio-emulated,mmio-virtio")
    for trial in report.trials where trial.unavailable == nil {
      let exits = try #require(trial.exits)
      switch trial.name {
      case "ioeventfd": #expect(exits.user == 0 && exits.kernel == trial.events)
      case "coalesced PIO", "coalesced MMIO":
        // The ring holds 169 writes, and the next exits.
        #expect(exits.user == trial.events / 170)
        #expect(exits.total == trial.events)
      case "virtio in one batch", "E1000 in one batch", "batching":
        #expect(exits.user == 1 && exits.kernel == 0)
      case "REP INSB, input alone": #expect(exits.user < trial.events / 100)
      default: #expect(exits.kernel == 0 && exits.user == trial.expected, "\(trial.name)")
      }
    }
  }

  @Test("The processor's own exits stay in the kernel; VMCALL or VMMCALL is one each, and none on a PVM host")
  func kernel() throws {
    let (_, report) = try survey("--categories", "cr-shadow,cr-nested,page-fault,ept,cpuid,hlt,hypercall")
    for trial in report.trials { #expect(trial.exits?.user ?? 0 == 0, "\(trial.name)") }
    let hypercalls = try #require(report.trials.first { $0.noun == "hypercalls" })
    switch HostKind.current {
    case .pvm: #expect(hypercalls.exits == nil)
    case .vtx, .svm: #expect(hypercalls.exits?.total == hypercalls.events)
    case .unknown: break
    }
    // A host pages in one of the two ways, and shows the exits of the other as what it cannot do.
    let shadow = try #require(report.trials.first { $0.name == "CR access without EPT" })
    let nested = try #require(report.trials.first { $0.name == "CR access with EPT" })
    if report.nestedPaging != nil { #expect((shadow.exits == nil) != (nested.exits == nil)) }
  }

  @Test("Large pages take one exit where small ones take 512")
  func pages() throws {
    let (_, report) = try survey("--categories", "ept,page-fault")
    for one in report.categories.flatMap(\.cases) where one.provocation.noun == "new pages" {
      guard let small = one.provocation.exits?.total, let large = one.remedies[0].exits?.total else {
        continue
      }
      #expect(small == one.provocation.events)
      #expect(large < small)
    }
  }

  @Test("Without privileges the ledger alone counts, and the rest says why")
  func unprivileged() throws {
    let drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    let (run, report) = try survey("--categories", "io-emulated,cpuid", under: drop)
    #expect(run.status == 0)
    for trial in report.trials where trial.unavailable == nil {
      let exits = try #require(trial.exits)
      #expect(exits.kernel == nil && exits.kernelUnavailable?.isEmpty == false, "\(trial.name)")
    }
    #expect(report.trials.first?.exits?.user == report.trials.first?.events)
    #expect(run.text.contains("Not counted in the kernel: "))
    #expect(!run.text.contains("leaves the exits as they are"))
  }

  @Test("The categories have names, which choose them in the guide's order")
  func choice() throws {
    let list = try Swiftvmm.run(["survey", "--categories", "list"])
    #expect(list.status == 0)
    let names = list.text.split(separator: "\n").compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
    #expect(names == SurveyCategory.all.map(\.name))
    let (_, report) = try survey("--categories", "hypercall,io-passthrough,hypercall")
    #expect(report.categories.map(\.name) == ["io-passthrough", "hypercall"])
  }

  @Test("A category that is not there is said so before anything runs", arguments: ["", "io", "cpuid,"])
  func unknown(names: String) throws {
    let run = try Swiftvmm.run(["survey", "--categories", names])
    #expect(run.status == 35)
    #expect(run.output.isEmpty)
    #expect(run.errors.split(separator: "\n").count == 1)
    #expect(run.errors.contains("'--categories list' lists them"))
  }

  @Test("A signal ends it at once", arguments: [SIGINT, SIGTERM])
  func signal(number: Int32) throws {
    let folder = try Scratch()
    let file = folder.path("survey.json")
    let child = try Child(
      [try Swiftvmm.path(), "survey", "--json", file],
      [.path("/dev/null"), .path("/dev/null"), .path("/dev/null")])
    // The file is made once signals are waited for.
    try wait(for: "the file never comes") { FileManager.default.fileExists(atPath: file) }
    child.send(number)
    #expect(child.wait() == 130)
  }
}
