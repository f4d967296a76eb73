/// One register of the 82540EM, or an array of them, as the manual defines it.
///
/// Sections are those of Intel's "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
/// Manual" (317453), here and wherever this target cites a section. Where the manual leaves the value after
/// reset open, it is zero.
struct RegisterDefinition: Sendable {
  /// What reading and writing do, before any effect.
  enum Access: Sendable {
    case readWrite
    case readOnly
    /// Reads give zero.
    case writeOnly
    /// Reading clears the register; statistics (section 13.7) cannot be written.
    case clearOnRead
    /// The upper half of a 64-bit statistic: reading it clears both halves.
    case clearOnReadWithLowerHalf
  }

  let name: String
  /// Offset of the first, in bytes from BAR0.
  let offset: Int
  /// How many there are, and how far apart in bytes.
  let count: Int
  let stride: Int
  let access: Access
  let reset: UInt32
  /// The bits that a write changes.
  let writable: UInt32
  let section: String
  let effect: WriteEffect?
  /// What a driver that writes anything but zero asks for in vain.
  let unmodelled: String?

  init(
    _ name: String, _ offset: Int, _ access: Access, reset: UInt32 = 0, writable: UInt32 = ~0,
    count: Int = 1, stride: Int = 4, section: String, effect: WriteEffect? = nil,
    unmodelled: String? = nil
  ) {
    self.name = name
    self.offset = offset
    self.count = count
    self.stride = stride
    self.access = access
    self.reset = reset
    self.writable = access == .readWrite || access == .writeOnly ? writable : 0
    self.section = section
    self.effect = effect
    self.unmodelled = unmodelled
  }

  /// The offsets of all registers under this name.
  var offsets: StrideTo<Int> { Swift.stride(from: offset, to: offset + count * stride, by: stride) }

  /// Every register of the device.
  static let all = general + interrupts + receive + transmit + filters + wakeUp + statistics + diagnostics
}

/// What a read does, as one byte per register.
enum ReadEffect: UInt8 {
  /// No register lies there.
  case absent
  case value
  case zero
  case clear
  case clearWithLowerHalf
  case interruptCause
}

/// What a write does, as one byte per register.
enum WriteEffect: UInt8 {
  /// No register lies there.
  case absent
  case ignore
  case store
  /// Stores, and the first time says what is not modelled.
  case unmodelled
  case ctrl
  case eecd
  case eerd
  case mdic
  case icr
  case ics
  case ims
  case imc
  case itr
  case rdtr
  case rctl
  case tctl
  case ringLength
  case rdt
  case tdt
}
