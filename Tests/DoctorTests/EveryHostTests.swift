import Foundation
import TestSupport
import Testing

@testable import Doctor

/// What holds of a diagnosis whatever the host.
struct EveryHostTests {
  private func check(_ diagnosis: Diagnosis, _ host: Comment) throws {
    for finding in diagnosis.findings {
      let needsRemedy = finding.state == .missing || finding.state == .wrong
      #expect((finding.remedy != nil) == needsRemedy, "\(host): \(finding)")
      #expect(!finding.name.isEmpty && !finding.value.isEmpty, "\(host): \(finding)")
      #expect(finding.remedy?.text.contains("\n") != true)
    }
    let names = diagnosis.findings.map { "\($0.area) \($0.name)" }
    #expect(Set(names).count == names.count, host)
    #expect(diagnosis.usable == (diagnosis.complaint == nil), host)
    #expect(diagnosis.complaint?.contains("\n") != true)
    #expect(diagnosis.verdict.hasPrefix(diagnosis.usable ? "KVM can be used" : "KVM cannot be used"), host)
    checkText(diagnosis, host)

    let copy = try JSONDecoder().decode(Diagnosis.self, from: JSONEncoder().encode(diagnosis))
    #expect(copy.findings == diagnosis.findings && copy.host == diagnosis.host, host)
  }

  private func checkText(_ diagnosis: Diagnosis, _ host: Comment) {
    let lines = diagnosis.text.split(separator: "\n", omittingEmptySubsequences: false)
    for line in lines {
      #expect(line.count <= 110 || line.contains("run: ") || !line.trimmed.contains(" "), "\(host): \(line)")
      #expect(line.last != " ", "\(host): \(line)")
    }
    #expect(lines.last == "")
    let words = Set(diagnosis.text.split { $0 == " " || $0 == "\n" })
    for finding in diagnosis.findings {
      let wanted = (finding.remedy?.line ?? finding.value).split { $0 == " " || $0 == "\n" }
      #expect(words.isSuperset(of: wanted), "\(host): \(finding.name) is not in the text")
    }
  }

  @Test func `what is missing has a remedy, all of it is in the text, and the text fits`() throws {
    for (name, make) in Hosts.all { try check(make().diagnosis, "\(name)") }
  }

  /// Files absent, empty, of another form or full of noise: /proc and /sys are not the doctor's to trust.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func `no file of any content stops it`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let host = try Hosts.all.randomElement(using: &random)!.make()
    let folders = ["kvm_intel", "kvm_amd", "kvm"].map { "/sys/module/\($0)/parameters" }
    let paths =
      Hosts.common(cpu: Hosts.intel, user: Hosts.root).keys.sorted()
      + ParameterEntry.all.map { "/sys/module/\($0.module)/parameters/\($0.name)" } + folders
      + [
        "/sys/kernel/iommu_groups/x",
        "/sys/kernel/mm/hugepages/hugepages-99999999999999999999kB/nr_hugepages",
      ]
    for path in paths.shuffled(using: &random).prefix(30) {
      try? host.remove(path)
      let count = Int.random(in: 0..<64, using: &random)
      let noise = (0..<count).map { _ in "0123456789 :-[]YN\t\nx\u{ff}".utf8.randomElement(using: &random)! }
      if Bool.random(using: &random) { try? host.write(path, Data(noise)) }
    }
    let diagnosis = host.diagnosis
    for finding in diagnosis.findings {
      #expect((finding.remedy != nil) == (finding.state == .missing || finding.state == .wrong))
    }
    #expect(diagnosis.text.hasPrefix("swiftvmm doctor: "))
  }

  @Test func `docs/doctor.md names every area, state and kind of remedy, and every key`() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/doctor.md")
    let text = try String(contentsOf: path, encoding: .utf8)
    let words =
      Finding.Area.allCases.map(\.rawValue) + ["good", "fact", "missing", "wrong", "run", "change", "none"]
      + [
        "schema", "host", "usable", "verdict", "findings", "area", "name", "state", "value", "meaning",
        "number",
        "remedy", "kind", "text", "kvm", "kernel", "cpu",
      ]
    for word in words { #expect(text.contains("`\(word)`"), "\(word) is not in docs/doctor.md") }
  }
}
