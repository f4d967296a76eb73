/// One thing that the doctor looked at, and what it means for the user.
public struct Finding: Codable, Equatable, Sendable {
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

  /// What it was about: `kvm`, `witness`, `network` and so on.
  public let area: String
  public let name: String
  public let state: State
  /// What was found, in a few words.
  public let value: String
  /// The line that would mend it, a command where there is one; nil where nothing is to be mended, or nothing can be.
  public let remedy: String?

  public init(_ area: String, _ name: String, _ state: State, _ value: String, remedy: String? = nil) {
    self.area = area
    self.name = name
    self.state = state
    self.value = value
    self.remedy = remedy
  }
}
