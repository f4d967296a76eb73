import VMM

/// MSI-X of a function: the table of messages and the bits of those that wait (PCI 3.0, section 6.8.2), in a window of
/// their own.
///
/// Called with the device's gate closed. A message goes out once it is enabled, unmasked, and the device may write to
/// memory; until then its bit is pending.
public final class MSIXTable: @unchecked Sendable {
  /// Length of the window in bytes.
  public static let windowCount: UInt64 = 0x1000
  /// The most vectors: the pending bits are one word.
  public static let largest = 64
  public static let registers = RegisterMap(
    granule: 8,
    [
      Register("MSIX_TABLE", at: 0, count: largest * entrySize),
      Register("MSIX_PBA", at: pendingOffset, count: 8),
    ])

  static let entrySize = 16
  private static let vectorControl = 12
  static let pendingOffset = 0x800

  /// Where the message control register lies in the capability.
  static let controlOffset = 2

  /// Bits of the message control register.
  enum Control {
    static let functionMask: UInt16 = 1 << 14
    static let enable: UInt16 = 1 << 15
  }

  /// How many messages were sent.
  public var sent: UInt64 { vectors.reduce(0) { $0 &+ $1.sent } }
  /// Takes a line for the report; set by the device.
  public var onFault: (String) -> Void = { _ in }
  private let vectors: [MessageInterrupt]
  private let bar: Int
  private let storage: HostBuffer
  private var pending: UInt64 = 0
  public private(set) var isEnabled = false
  private var isMasked = false

  /// - Parameters:
  ///   - vectors: 1 to ``largest``.
  ///   - bar: index of the base address register of the window.
  public init(_ vectors: [MessageInterrupt], bar: Int) {
    precondition((1...Self.largest).contains(vectors.count))
    self.vectors = vectors
    self.bar = bar
    storage = HostBuffer(count: vectors.count * Self.entrySize)
    for index in vectors.indices {
      storage.view.store(1 as UInt32, at: index * Self.entrySize + Self.vectorControl)
    }
  }

  /// How many vectors there are.
  public var count: Int { vectors.count }

  /// In configuration space (PCI 3.0, figure 6-11).
  var capability: PCICapability {
    var body = [UInt8](repeating: 0, count: 10)
    body[0] = UInt8(vectors.count - 1)
    body[2] = UInt8(bar)
    body[6] = UInt8(bar)
    body[7] = UInt8(Self.pendingOffset >> 8)
    return PCICapability(id: PCICapability.msix, body: body, writable: [0, 0xc0])
  }

  /// Sends message `vector`, or remembers that it is to be sent; nothing where MSI-X is off or there is no such vector.
  public func signal(_ vector: Int) {
    guard isEnabled, vectors.indices.contains(vector) else { return }
    if isHeld(vector) {
      pending |= 1 << UInt64(vector)
    } else {
      vectors[vector].send()
    }
  }

  /// Takes the message control register, and whether the function may write to memory at all.
  func set(_ control: UInt16, isBusMaster: Bool) {
    isEnabled = control & Control.enable != 0
    isMasked = control & Control.functionMask != 0 || !isBusMaster
    guard isEnabled else {
      pending = 0
      return
    }
    for vector in vectors.indices { release(vector) }
  }

  // MARK: The window

  /// Reads of any size; what is between the two reads zero.
  public func read(_ access: Access) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<Int(access.size) {
      value |= UInt64(byte(at: Int(access.offset) &+ index)) &<< UInt64(8 &* index)
    }
    return value
  }

  private func byte(at offset: Int) -> UInt8 {
    if offset < storage.view.count { return storage.view.load(at: offset) }
    guard (Self.pendingOffset..<Self.pendingOffset + 8).contains(offset) else { return 0 }
    return UInt8(truncatingIfNeeded: pending &>> UInt64(8 &* (offset &- Self.pendingOffset)))
  }

  /// Takes writes of whole double words and quad words, as section 6.8.2 has it.
  public func write(_ access: Access, _ value: UInt64) {
    let (offset, size) = (Int(access.offset), Int(access.size))
    guard size == 4 || size == 8, offset & (size &- 1) == 0, offset < storage.view.count else {
      return onFault("write of \(size) bytes at \(hex(offset)) of the MSI-X window ignored")
    }
    store(UInt32(truncatingIfNeeded: value), at: offset)
    if size == 8 { store(UInt32(truncatingIfNeeded: value &>> 32), at: offset &+ 4) }
    release(offset / Self.entrySize)
  }

  private func store(_ word: UInt32, at offset: Int) {
    let isControl = offset % Self.entrySize == Self.vectorControl
    storage.view.store(isControl ? word & 1 : word, at: offset)
  }

  private func isHeld(_ vector: Int) -> Bool {
    isMasked || storage.view.load(UInt32.self, at: vector * Self.entrySize + Self.vectorControl) & 1 != 0
  }

  /// Lets a vector go where it is to go now, and what waited for that.
  private func release(_ vector: Int) {
    guard isEnabled, !isHeld(vector) else { return }
    let entry = vector * Self.entrySize
    let message = MessageInterrupt.Message(
      address: storage.view.load(at: entry), data: storage.view.load(at: entry + 8))
    do { try vectors[vector].route(message) } catch { onFault("MSI-X vector \(vector): \(error)") }
    let bit: UInt64 = 1 << UInt64(vector)
    guard pending & bit != 0 else { return }
    pending &= ~bit
    vectors[vector].send()
  }
}
