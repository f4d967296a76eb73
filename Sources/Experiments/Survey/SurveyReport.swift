import HostFacts

/// What the survey found, in the form of its JSON: schema "swiftvmm.survey/1". docs/survey.md says what each key means.
public struct SurveyReport: Codable, Equatable, Sendable {
  public static let schema = "swiftvmm.survey/1"

  public var schema = Self.schema
  public var host: HostFacts
  /// EPT or NPT is in use; nil where KVM does not tell.
  public var nestedPaging: Bool?
  public var categories: [Category]

  /// A line of the guide's table.
  public struct Category: Codable, Equatable, Sendable {
    public var name: String
    public var title: String
    public var guide: SurveyCategory.Guide
    /// At least one.
    public var cases: [Case]
  }

  /// Something that exits, and the means to do away with it.
  public struct Case: Codable, Equatable, Sendable {
    public var provocation: Trial
    public var remedies: [Trial]
    /// The remedy that the guide means, by its name; nil where it names none.
    public var guides: String?
  }

  /// One guest's run, or why there was none.
  public struct Trial: Codable, Equatable, Sendable {
    public var name: String
    /// The image and its words, as `swiftvmm boot` takes them.
    public var guest: String
    /// How often the guest did what it does.
    public var events: UInt64
    /// What it does: `OUTs`.
    public var noun: String
    /// Nil where ``unavailable`` or ``failure`` says why.
    public var exits: Exits?
    /// Exits that there must be, of provocations; nil where ``unforeseen`` says why nobody knows.
    public var expected: UInt64?
    public var unforeseen: String?
    /// What counted them, with the kernel's filter.
    public var witness: String
    /// Why this host cannot do it.
    public var unavailable: String?
    /// How the guest's run went wrong.
    public var failure: String?
    public var cost: Cost?
    /// The guest's shortest time between its marks; nil where it sets none.
    public var seconds: Double?
    public var aside: Aside?
  }

  /// A counter of KVM's, summed over the vCPUs of the run.
  public struct Aside: Codable, Equatable, Sendable {
    public var statistic: String
    public var value: UInt64
  }

  public struct Exits: Codable, Equatable, Sendable {
    /// Answered by KVM without a return to user space; nil where nobody counts them, ``kernelUnavailable`` says why.
    public var kernel: UInt64?
    /// Returns of KVM_RUN, by the ledger.
    public var user: UInt64
    /// Of both, what kvm_exit counted; nil where it never fires or was not asked.
    public var hardware: UInt64?
    public var kernelUnavailable: String?

    /// Nil where only one part is known.
    public var total: UInt64? { kernel.map { $0 + user } }
  }

  /// What one event costs, by `bench`.
  public struct Cost: Codable, Equatable, Sendable {
    /// The row of `bench`, and the guest's privilege level there.
    public var row: String
    public var level: Int
    /// Nil where ``unavailable`` says why.
    public var medianNanoseconds: Double?
    public var unavailable: String?
  }
}

extension SurveyReport.Trial {
  /// How the count differs from what it should be, or the witnesses from each other; nil where all is as it must be.
  var problem: String? {
    if let failure { return "\(name): \(failure)" }
    guard let exits, let total = exits.total else { return nil }
    if let expected, expected != total {
      return "\(name): \(expected) exits provoked, but \(total) counted (\(witness))"
    }
    if let hardware = exits.hardware, hardware != total {
      return "\(name): \(witness) counted \(total) exits, but kvm_exit \(hardware)"
    }
    return nil
  }
}

extension SurveyReport {
  /// Every run of it, in the order of the table.
  public var trials: [Trial] { categories.flatMap(\.cases).flatMap { [$0.provocation] + $0.remedies } }

  /// Counts that are not what they must be, a line each.
  public var problems: [String] { trials.compactMap(\.problem) }
}
