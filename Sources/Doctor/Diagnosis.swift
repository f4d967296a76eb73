import HostFacts

/// All that the doctor has to say of a host.
public struct Diagnosis: Codable, Sendable {
  /// Version of the JSON; a change that breaks readers changes the number.
  public let schema: String
  public let host: HostFacts
  /// Guests can be run.
  public let usable: Bool
  /// What this host can measure and what not, in one paragraph.
  public let verdict: String
  public let findings: [Finding]

  public init(of host: Host) {
    schema = "swiftvmm.doctor/1"
    self.host = host.facts
    usable = host.obstacle == nil
    findings =
      KVMFindings.all(host) + ParameterFindings.all(host) + CapabilityFindings.all(host)
      + WitnessFindings.all(host) + TracepointFindings.all(host) + PermissionFindings.all(host)
      + NetworkFindings.all(host) + PassthroughFindings.all(host) + MemoryFindings.all(host)
      + ClockFindings.all(host) + MitigationFindings.all(host)
    verdict = Verdict(host, findings).text
  }
}

extension Diagnosis {
  /// Why KVM cannot be used, with what to do about it, in one line; nil where it can.
  public var complaint: String? {
    let device = findings.first { $0.area == .kvm && $0.name == KVMFindings.device }
    guard !usable, let device, let remedy = device.remedy else { return nil }
    return "\(device.meaning ?? device.value); \(remedy.line)"
  }
}
