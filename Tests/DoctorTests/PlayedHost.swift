import Foundation
import KVM
import VMM
import Witness

@testable import Doctor

/// A host that is a folder of files, with answers of KVM and of the kernel's tracing made up.
final class PlayedHost {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)")
  var kvm: Result<KVMAnswers, KVMError> = .success(.everything)
  var tracing = TracingAnswers(tracepoints: .success(Set(TracepointEntry.all.map(\.name))))
  /// Nodes of /dev.
  var nodes: [String: DeviceNode] = ["/dev/kvm": DeviceNode(mode: 0o660, group: 104, isAccessible: true)]

  /// - Parameter files: contents by path; a path that ends in a slash is an empty folder.
  init(_ files: [String: String]) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (path, content) in files { try write(path, Data(content.utf8)) }
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  func write(_ path: String, _ content: Data) throws {
    let url = folder.appending(path: path)
    let parent = path.hasSuffix("/") ? url : url.deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    if !path.hasSuffix("/") { try content.write(to: url) }
  }

  func remove(_ path: String) throws {
    try FileManager.default.removeItem(at: folder.appending(path: path))
  }

  var diagnosis: Diagnosis {
    Diagnosis(of: Host(root: folder.path, kvm: kvm, tracing: tracing, node: { [nodes] in nodes[$0] }))
  }
}

extension Diagnosis {
  /// The finding of a name, nil where there is none.
  func finding(_ area: Finding.Area, _ name: String) -> Finding? {
    findings.first { $0.area == area && $0.name == name }
  }
}

extension KVMAnswers {
  /// A KVM that has it all.
  static var everything: KVMAnswers {
    let all = CapabilityEntry.all.map(\.capability) + Machine.required
    var capabilities = Dictionary(all.map { ($0, 1) }) { first, _ in first }
    capabilities[.disableExits] = 0xf
    return KVMAnswers(
      capabilities: capabilities,
      counters: .success(CounterNames(ofVCPU: WitnessFindings.compared, ofVM: ["remote_tlb_flush"])),
      timestampKHz: 2_400_000)
  }
}
