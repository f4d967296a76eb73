/// A descriptor to wait for, and what to do then. Served by the thread that supervises the machine, one after the other.
public struct Watch: Sendable {
  /// Readable when there is something to do; negative while there is nothing to wait for.
  public var descriptor: @Sendable () -> Int32
  /// Does it, without blocking.
  public var serve: @Sendable () -> Void

  public init(
    descriptor: @escaping @Sendable () -> Int32, serve: @escaping @Sendable () -> Void
  ) {
    self.descriptor = descriptor
    self.serve = serve
  }
}
