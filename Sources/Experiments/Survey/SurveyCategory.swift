/// A line of the study guide's table "Exit reasons, how often, and whether they can go", and how it is tried here.
public struct SurveyCategory: Sendable {
  /// What the guide says of it.
  public struct Guide: Codable, Equatable, Sendable {
    /// `very high` to `none`.
    public let frequency: String
    /// Whether it can be eliminated, in the guide's words.
    public let elimination: String

    /// It says no.
    var isFinal: Bool { elimination.hasPrefix("no") }
    /// It says yes.
    var isHopeful: Bool { elimination.hasPrefix("yes") }
  }

  /// Something that exits, and the means to do away with it.
  struct Case: Sendable {
    let provocation: SurveyTrial
    let remedies: [SurveyTrial]
    /// The remedy that the guide means, by its name.
    var guides: String?
  }

  /// Unique; what `--categories` chooses by.
  public let name: String
  /// In the guide's words.
  public let title: String
  public let guide: Guide
  let cases: [Case]

  init(
    _ name: String, _ title: String, frequency: String, elimination: String, _ cases: [Case]
  ) {
    self.name = name
    self.title = title
    guide = Guide(frequency: frequency, elimination: elimination)
    self.cases = cases
  }

  /// All of them, in the guide's order.
  public static let all: [SurveyCategory] =
    controlRegisters + ports + memory + paging + processor + events

  /// The category of that name, nil where there is none.
  public static func named(_ name: String) -> SurveyCategory? { all.first { $0.name == name } }
}
