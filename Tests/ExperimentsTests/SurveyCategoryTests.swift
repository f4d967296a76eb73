import HostFacts
import KVM
import Testing

@testable import Experiments

/// What is tried, on every host that one can think of.
struct SurveyCategoryTests {
  /// All combinations of what a host may be.
  static let hosts: [SurveyHost] = HostKind.allCases.flatMap { kind in
    [true, false, nil].flatMap { nested in
      [Set(SurveyHost.asked), []].flatMap { capabilities in
        ["transparent huge pages are off", nil].flatMap { obstacle in
          [true, false].map { hasVFIO in
            SurveyHost(
              kind: kind, hasNestedPaging: nested, capabilities: capabilities,
              idleExits: capabilities.isEmpty ? [] : [.hlt, .pause], obstacleToHugePages: obstacle,
              hasVFIO: hasVFIO, hasVirtualAPIC: hasVFIO)
          }
        }
      }
    }
  }

  private static let trials = SurveyCategory.all.flatMap(\.cases).flatMap { [$0.provocation] + $0.remedies }

  @Test func `the categories are those of the guide's table, in its order and words`() {
    let lines = SurveyCategory.all.map { "\($0.title) | \($0.guide.frequency) | \($0.guide.elimination)" }
    #expect(
      lines == [
        "CR access without EPT | high | yes, EPT", "CR access with EPT | low | no",
        "I/O ports, emulated device | very high | yes, virtio", "I/O ports, virtio | low | partly, batching",
        "I/O ports, passthrough | none | gone", "MMIO, emulated device | very high | yes, virtio",
        "MMIO, virtio notify | low | no", "EPT violations | medium | partly", "page faults | low | no",
        "CPUID | low | no", "MSR access | medium | partly", "HLT (idle) | low | no",
        "external interrupt | medium | no", "hypercalls | medium | no, by design",
      ])
  }

  @Test func `a name chooses one category, and the remedy that the guide means is there`() {
    for category in SurveyCategory.all {
      #expect(SurveyCategory.named(category.name)?.title == category.title)
      #expect(!category.cases.isEmpty)
      for one in category.cases where one.guides != nil {
        #expect(one.remedies.contains { $0.name == one.guides })
      }
    }
    #expect(Set(SurveyCategory.all.map(\.name)).count == SurveyCategory.all.count)
    #expect(SurveyCategory.named("no such category") == nil)
  }

  @Test func `a price is a row of bench, at a level that it has`() {
    for price in Self.trials.compactMap(\.price) {
      #expect(BenchRow.named(price.row)?.levels.contains(price.level) == true, "\(price)")
    }
  }

  @Test func `no VMCALL runs where it would never end, or where its kind is a guess`() throws {
    let calls = Self.trials.filter { $0.words.contains("op=hypercall") }
    #expect(calls.count == 1)
    for host in Self.hosts {
      let report = SurveyReport.Trial(try #require(calls.first), on: host)
      #expect((report.unavailable == nil) == (host.kind == .vtx || host.kind == .svm))
    }
  }

  @Test func `a reason says something, and the first thing that is missing is the reason`() {
    for host in Self.hosts {
      for trial in Self.trials {
        let missing = trial.needs.compactMap { $0.obstacle(on: host) }
        let report = SurveyReport.Trial(trial, on: host)
        #expect(report.unavailable == missing.first)
        #expect(missing.allSatisfy { $0.count > 10 })
        #expect(!report.witness.isEmpty)
      }
    }
  }

  @Test func `with a capability less, exactly the trials that need it are unavailable`() {
    var host = Self.hosts[0]
    host.kind = .svm
    host.hasNestedPaging = true
    host.capabilities = Set(SurveyHost.asked)
    for capability in SurveyHost.asked {
      var less = host
      less.capabilities.remove(capability)
      for trial in Self.trials where SurveyReport.Trial(trial, on: host).unavailable == nil {
        let reason = SurveyReport.Trial(trial, on: less).unavailable
        #expect(reason == nil || reason!.contains(capability.name))
        #expect((reason != nil) == trial.needsCapability(capability), "\(trial.name)")
      }
    }
  }

  @Test func `what can be foretold is checked: everything but interrupts`() {
    let open = SurveyCategory.all.filter { category in
      category.cases.contains { one in
        guard case .open(let reason) = one.provocation.expectation else { return false }
        return !reason.isEmpty
      }
    }
    #expect(open.map(\.name) == ["interrupt"])
  }

  @Test func `with nested paging nothing is provoked that shadow paging takes, and the other way round`() {
    for host in Self.hosts where host.kind == .vtx || host.kind == .svm {
      for one in SurveyCategory.named("cr-shadow")!.cases {
        let provocation = SurveyReport.Trial(one.provocation, on: host).unavailable
        let remedy = SurveyReport.Trial(one.remedies[0], on: host).unavailable
        #expect((provocation == nil) == (host.hasNestedPaging == false))
        #expect((remedy == nil) == (host.hasNestedPaging == true))
      }
    }
  }
}

extension SurveyTrial {
  fileprivate func needsCapability(_ wanted: Capability) -> Bool {
    needs.contains { need in
      guard case .capability(let capability) = need else { return false }
      return capability == wanted
    }
  }
}
