import VMM

/// A base address register of a function: which window of the device it moves.
///
/// The VMM plays the firmware's part: the register begins with the window's own base.
public struct PCIBaseAddress: Equatable, Sendable {
  /// What the register decodes (PCI 3.0, section 6.2.5.1).
  public enum Kind: Sendable {
    case port
    case memory
    /// A pair of registers: an address of 64 bits.
    case memory64
  }

  /// Which of the six registers, 0–5; of a pair the lower.
  public let index: Int
  public let kind: Kind
  /// Which of the device's windows.
  public let window: Int
  /// The address assigned, a multiple of ``size``.
  public let address: UInt64
  /// Length of the window in bytes: a power of two.
  public let size: UInt64

  /// - Parameters:
  ///   - index: see ``index``.
  ///   - number: the window, by its index.
  ///   - windows: of the device; this one is movable and its base a multiple of its length, a power of two: at least 16
  ///     bytes of memory, 4 to 256 of ports.
  ///   - is64Bit: memory with an address of 64 bits.
  public init(_ index: Int, window number: Int, of windows: [Window], is64Bit: Bool = false) {
    let window = windows[number]
    precondition(
      window.isMovable && window.count.nonzeroBitCount == 1 && window.base & (window.count - 1) == 0)
    precondition((0..<(is64Bit ? 5 : 6)).contains(index))
    self.index = index
    self.window = number
    kind = window.space == .port ? .port : is64Bit ? .memory64 : .memory
    address = window.base
    size = window.count
    switch kind {
    case .port: precondition((4...256).contains(size))
    case .memory: precondition((16...1 << 31).contains(size) && address >> 32 == 0)
    case .memory64: precondition(size >= 16)
    }
  }

  /// The registers that it occupies.
  var registers: Range<Int> { index..<(index + (kind == .memory64 ? 2 : 1)) }
  /// Where the first lies in configuration space.
  var offset: Int { Configuration.baseAddress0 + 4 * index }
  /// The bit of the command register that lets it answer.
  var decode: UInt16 { kind == .port ? Command.portSpace : Command.memorySpace }

  /// The bits that a guest may write. Those below the size are wired, which is how a guest that writes all ones learns
  /// the size; so are the upper half of a register for ports, of which x86 has 65536.
  var writable: UInt64 {
    switch kind {
    case .port: 0xffff & ~(size - 1)
    case .memory: 0xffff_ffff & ~(size - 1)
    case .memory64: ~(size - 1)
    }
  }

  /// The wired bits that say what it is.
  var type: UInt64 {
    switch kind {
    case .port: 0b1
    case .memory: 0b000
    case .memory64: 0b100
    }
  }

  /// Where a register that holds `value` puts the window. Nowhere with 0, which is no address assigned, and with the
  /// pattern by which a guest asks for the size.
  func place(_ value: UInt64) -> UInt64? {
    let address = value & writable
    let pattern = writable & 0xffff_ffff
    // Of a pair the lower half alone is looked at: the halves are written one after the other.
    let isPattern = pattern != 0 && address & 0xffff_ffff == pattern
    return address == 0 || isPattern ? nil : address
  }
}
