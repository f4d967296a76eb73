/// A range of addresses that belongs to a device, with the names of the registers in it.
public struct Window: Sendable {
  /// The address spaces of an x86 machine in which a device can answer.
  public enum Space: UInt8, Sendable {
    /// I/O ports, 0–0xffff.
    case port
    /// Guest physical addresses without RAM behind them.
    case memory
    /// Model-specific registers, by index.
    case msr

    /// What the report calls it (docs/report.md, `space`).
    public var name: String {
      switch self {
      case .port: "port"
      case .memory: "memory"
      case .msr: "msr"
      }
    }
  }

  public let space: Space
  /// First address.
  public let base: UInt64
  /// Length in bytes; for `msr` the number of registers. At least 1.
  public let count: UInt64
  public let registers: RegisterMap
  /// Offsets at which writes may wait in KVM's coalesced ring until the next exit, where the host has one:
  /// for registers whose writes have no effect that the guest could miss. Empty ranges are not allowed.
  public let coalesced: [Range<Int>]
  /// Registers whose writes KVM answers with a signal, where the host has KVM_CAP_IOEVENTFD; elsewhere they come to
  /// ``Device/write(_:_:)`` like all others.
  public let doorbells: [Doorbell]
  /// Whether the window may lie elsewhere later, or nowhere (``WindowPlacer``); ``base`` is where it lies first.
  public let isMovable: Bool

  /// - Parameters:
  ///   - space: where the range lies.
  ///   - base: its first address.
  ///   - count: its length, at least 1, `base + count` does not overflow.
  ///   - registers: the names that the ledger shows; offsets are relative to `base`.
  ///   - coalesced: see ``coalesced``; ports and memory only.
  ///   - doorbells: see ``doorbells``; ports and memory only.
  ///   - isMovable: see ``isMovable``; ports and memory only.
  public init(
    _ space: Space, base: UInt64, count: UInt64, registers: RegisterMap, coalesced: [Range<Int>] = [],
    doorbells: [Doorbell] = [], isMovable: Bool = false
  ) {
    precondition(count > 0 && base <= UInt64.max - count && !coalesced.contains { $0.isEmpty })
    precondition(space != .msr || !isMovable)
    self.space = space
    self.base = base
    self.count = count
    self.registers = registers
    self.coalesced = coalesced
    self.doorbells = doorbells
    self.isMovable = isMovable
  }
}
