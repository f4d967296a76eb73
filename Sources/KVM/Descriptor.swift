import CLinux

/// Owns a file descriptor and closes it.
public struct Descriptor: ~Copyable, Sendable {
  /// The number that the kernel knows it by. Valid as long as its owner lives.
  public let number: Int32

  /// Takes over `number`, an open descriptor.
  public init(owning number: Int32) {
    self.number = number
  }

  deinit {
    _ = close(number)
  }
}
