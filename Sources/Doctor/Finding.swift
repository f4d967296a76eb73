/// One thing that the doctor looked at, and what it means for the user.
public struct Finding: Codable, Equatable, Sendable {
  /// What a finding is about. The order of cases is that of the report.
  public enum Area: String, Codable, CaseIterable, Sendable {
    case kvm, parameters, capabilities, witnesses, tracepoints, permissions, network, passthrough, memory
    case clock, mitigations

    /// For people.
    var title: String {
      switch self {
      case .kvm: "KVM"
      case .parameters: "Module parameters"
      case .capabilities: "Capabilities (KVM_CAP_...)"
      case .witnesses: "Witnesses: who counts exits"
      case .tracepoints: "Tracepoints"
      case .permissions: "Permissions"
      case .network: "Network"
      case .passthrough: "Pass-through"
      case .memory: "Memory"
      case .clock: "Clocks and processors"
      case .mitigations: "Mitigations that make exits dearer"
      }
    }
  }

  public enum State: String, Codable, Sendable {
    /// There, or as it should be.
    case good
    /// A fact that is neither good nor bad.
    case fact
    /// Not there; what needs it is unavailable on this host.
    case missing
    /// There, but not for this user or not as it should be.
    case wrong
  }

  public let area: Area
  public let name: String
  public let state: State
  /// What was found, in a few words.
  public let value: String
  /// What it serves, or what follows from it.
  public let meaning: String?
  /// Of a capability, what KVM answered.
  public let number: Int?
  /// What would mend it, or why nothing can: where it is missing or wrong, and nowhere else.
  public let remedy: Remedy?

  private init(
    _ area: Area, _ name: String, _ state: State, _ value: String, _ meaning: String?, _ number: Int?,
    _ remedy: Remedy?
  ) {
    self.area = area
    self.name = name
    self.state = state
    self.value = value
    self.meaning = meaning
    self.number = number
    self.remedy = remedy
  }

  static func good(
    _ area: Area, _ name: String, _ value: String, _ meaning: String? = nil, number: Int? = nil
  ) -> Finding {
    Finding(area, name, .good, value, meaning, number, nil)
  }

  static func fact(
    _ area: Area, _ name: String, _ value: String, _ meaning: String? = nil, number: Int? = nil
  ) -> Finding {
    Finding(area, name, .fact, value, meaning, number, nil)
  }

  static func missing(
    _ area: Area, _ name: String, _ value: String, _ meaning: String? = nil, number: Int? = nil,
    _ remedy: Remedy
  ) -> Finding {
    Finding(area, name, .missing, value, meaning, number, remedy)
  }

  static func wrong(
    _ area: Area, _ name: String, _ value: String, _ meaning: String? = nil, _ remedy: Remedy
  ) -> Finding {
    Finding(area, name, .wrong, value, meaning, nil, remedy)
  }
}
