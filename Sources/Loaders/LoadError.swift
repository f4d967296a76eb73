import VMM

/// Why an image cannot be booted: one line that says what is wrong, where, and what to do.
public struct LoadError: Error, Equatable, CustomStringConvertible {
  /// The image, or the words of the command line that are wrong.
  public let subject: String
  public let problem: LoadProblem

  init(_ subject: String, _ problem: LoadProblem) {
    self.subject = subject
    self.problem = problem
  }

  public var description: String { "\(subject): \(problem)" }
}
