import VMM

/// What a PC's firmware leaves in memory for the guest to find by itself.
public struct FirmwareTable: Sendable {
  private let address: GuestAddress
  private let bytes: [UInt8]

  /// - Parameter address: below 1 MiB, with all of `bytes`.
  public init(at address: GuestAddress, _ bytes: [UInt8]) {
    precondition(address + UInt64(bytes.count) <= 1 << 20)
    self.address = address
    self.bytes = bytes
  }

  /// Writes it to fresh memory, unless one of `segments` lies there.
  func write(to memory: GuestMemory, beside segments: [Segment]) {
    let range = address..<(address + UInt64(bytes.count))
    guard !segments.contains(where: { $0.overlaps(range) }) else { return }
    memory.view(at: address, count: bytes.count)!.copy(from: bytes)
  }
}
