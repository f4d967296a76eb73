/// What is known of a vCPU that cannot go on.
public struct Crash: Equatable, Sendable {
  public var message = ""
}
