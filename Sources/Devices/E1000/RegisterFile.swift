import VMM

/// The registers' values, and for each what an access does: dense tables made from ``RegisterDefinition/all``,
/// so that an access costs two loads and a jump.
struct RegisterFile {
  /// Length in bytes of the part of BAR0 that holds registers.
  let size: Int
  private let storage: HostBuffer
  private let values: MemoryView
  private let masks: MemoryView
  private let resets: MemoryView
  private let readEffects: MemoryView
  private let writeEffects: MemoryView

  init(_ definitions: [RegisterDefinition] = RegisterDefinition.all) {
    size = definitions.map { $0.offset + $0.count * $0.stride }.max()!
    storage = HostBuffer(count: 3 * size + 2 * (size / 4))
    values = storage.view.slice(0, size)!
    masks = storage.view.slice(size, size)!
    resets = storage.view.slice(2 * size, size)!
    readEffects = storage.view.slice(3 * size, size / 4)!
    writeEffects = storage.view.slice(3 * size + size / 4, size / 4)!
    for definition in definitions {
      for offset in definition.offsets {
        masks.store(definition.writable, at: offset)
        resets.store(definition.reset, at: offset)
        readEffects.store(definition.readEffect.rawValue, at: offset / 4)
        writeEffects.store(definition.writeEffect.rawValue, at: offset / 4)
      }
    }
    reset()
  }

  /// Puts every register to its value after reset.
  func reset() {
    values.copy(from: resets)
  }

  /// The value of the register at `offset`, a multiple of 4 below ``size``.
  subscript(offset: Int) -> UInt32 {
    get { values.load(at: offset) }
    nonmutating set { values.store(newValue, at: offset) }
  }

  /// The value of a register pair, low half first.
  subscript(pair offset: Int) -> UInt64 {
    get { values.load(at: offset) }
    nonmutating set { values.store(newValue, at: offset) }
  }

  /// The bits that a write to the register at `offset` changes.
  func writable(at offset: Int) -> UInt32 { masks.load(at: offset) }

  /// Writes the bits that the register takes.
  func store(_ value: UInt32, at offset: Int) {
    let mask = writable(at: offset)
    self[offset] = self[offset] & ~mask | value & mask
  }

  func readEffect(at offset: Int) -> ReadEffect {
    guard offset < size else { return .absent }
    return ReadEffect(rawValue: readEffects.load(at: offset &>> 2)) ?? .absent
  }

  func writeEffect(at offset: Int) -> WriteEffect {
    guard offset < size else { return .absent }
    return WriteEffect(rawValue: writeEffects.load(at: offset &>> 2)) ?? .absent
  }

  /// From now on a write to `offset` only stores.
  func settle(at offset: Int) {
    writeEffects.store(WriteEffect.store.rawValue, at: offset &>> 2)
  }

  /// Adds to a statistic, which sticks at all ones (section 13.7).
  func count(_ offset: Int, _ amount: UInt32 = 1) {
    let (sum, overflow) = self[offset].addingReportingOverflow(amount)
    self[offset] = overflow ? .max : sum
  }

  /// Adds to a 64-bit statistic.
  func countOctets(_ offset: Int, _ amount: Int) {
    let (sum, overflow) = self[pair: offset].addingReportingOverflow(UInt64(amount))
    self[pair: offset] = overflow ? .max : sum
  }
}

extension RegisterDefinition {
  var readEffect: ReadEffect {
    if effect == .icr { return .interruptCause }
    return switch access {
    case .readWrite, .readOnly: .value
    case .writeOnly: .zero
    case .clearOnRead: .clear
    case .clearOnReadWithLowerHalf: .clearWithLowerHalf
    }
  }

  var writeEffect: WriteEffect {
    if let effect { return effect }
    guard access == .readWrite else { return .ignore }
    return unmodelled == nil ? .store : .unmodelled
  }

  /// The names that the ledger shows. Pairs of RAL and RAH lie interleaved, so each has a line of its own.
  static let map = RegisterMap(
    granule: 4,
    all.flatMap { definition -> [Register] in
      guard definition.stride != 4 else {
        return [Register(definition.name, at: definition.offset, count: 4 * definition.count)]
      }
      guard definition.count <= 16 else {
        let length = definition.count * definition.stride
        return [Register(definition.name, at: definition.offset, count: length)]
      }
      return definition.offsets.enumerated().map { index, offset in
        Register("\(definition.name)\(index)", at: offset, count: 4)
      }
    })
}
