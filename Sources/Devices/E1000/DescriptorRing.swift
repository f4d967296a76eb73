import VMM

/// A descriptor ring as its registers describe it at this moment, found to be sound: all in RAM, head and tail
/// within it.
struct DescriptorRing {
  static let descriptorSize = 16

  let view: MemoryView
  /// Number of descriptors, 8–65528.
  let count: Int
  var head: Int
  let tail: Int

  /// Descriptors that the driver has handed over.
  var pending: Int { tail >= head ? tail - head : tail - head + count }

  func next(_ index: Int) -> Int { index + 1 == count ? 0 : index + 1 }
  func offset(_ index: Int) -> Int { index &* Self.descriptorSize }
}

extension E1000 {
  /// The ring whose registers lie at `block`, nil when there is none to work on.
  func ring(_ block: Int) -> DescriptorRing? {
    let length = Int(registers[block + RingBlock.length])
    let count = length / DescriptorRing.descriptorSize
    let head = Int(registers[block + RingBlock.head])
    let tail = Int(registers[block + RingBlock.tail])
    guard head < count, tail < count else { return nil }
    let base = registers[pair: block + RingBlock.baseLow]
    guard let view = memory.view(at: base, count: length) else { return nil }
    return DescriptorRing(view: view, count: count, head: head, tail: tail)
  }

  /// Says why ``ring(_:)`` found none.
  func explainRing(_ block: Int) {
    let letter = block == RingBlock.receive ? "R" : "T"
    let length = Int(registers[block + RingBlock.length])
    let count = length / DescriptorRing.descriptorSize
    let (head, tail) = (registers[block + RingBlock.head], registers[block + RingBlock.tail])
    if count == 0 {
      fault("\(letter)DLEN is 0: no ring")
    } else if head >= count {
      fault("\(letter)DH = \(head) lies beyond the ring of \(count) descriptors")
    } else if tail >= count {
      fault("\(letter)DT = \(tail) lies beyond the ring of \(count) descriptors")
    } else {
      let base = registers[pair: block + RingBlock.baseLow]
      fault("\(letter)DBA = \(hex(base)): the ring of \(length) bytes is not in RAM")
    }
  }

  /// Whether the device may reach memory (PCI 3.0, section 6.2.2, bit 2).
  func mayMaster() -> Bool {
    guard function.isBusMaster else {
      fault("bus mastering is off in the PCI command register: no descriptor can be read")
      return false
    }
    return true
  }
}
