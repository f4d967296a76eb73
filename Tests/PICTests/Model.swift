/// The 8259A as the data sheet tells it, in lists and flags and without bit arithmetic: what the real one is
/// compared with.
struct ModelChip {
  /// Levels, the highest priority first.
  var order = [Int](0..<8)
  var line = [Bool](repeating: false, count: 8)
  var edge = [Bool](repeating: false, count: 8)
  var service = [Bool](repeating: false, count: 8)
  var masked = [Bool](repeating: false, count: 8)
  var isLevel = [Bool](repeating: false, count: 8)
  var ltim = false
  var automaticEOI = false
  var rotates = false
  var nestsSlaves = false
  var specialMask = false
  var cascade: Int?

  func isRequested(_ level: Int) -> Bool { ltim || isLevel[level] ? line[level] : edge[level] }

  /// Walks down the priorities to the first request or to the first level in service.
  var next: Int? {
    for level in order {
      let blocks = service[level] && !(specialMask && masked[level])
      let nests = nestsSlaves && level == cascade
      if isRequested(level), !masked[level], !blocks || nests { return level }
      if blocks { return nil }
    }
    return nil
  }

  mutating func drive(_ level: Int, _ high: Bool) {
    edge[level] = high && (edge[level] || !line[level])
    line[level] = high
  }

  mutating func acknowledge() -> Int {
    guard let level = next else { return 7 }
    edge[level] = false
    if !automaticEOI { service[level] = true } else if rotates { moveToEnd(level) }
    return level
  }

  mutating func moveToEnd(_ level: Int) {
    while order.last != level { order.append(order.removeFirst()) }
  }

  mutating func end(_ level: Int?, rotating: Bool) {
    guard let level = level ?? order.first(where: { service[$0] && !(specialMask && masked[$0]) })
    else { return }
    service[level] = false
    if rotating { moveToEnd(level) }
  }

  mutating func initialise(ltim: Bool, automaticEOI: Bool, nestsSlaves: Bool) {
    var fresh = ModelChip()
    fresh.line = line
    fresh.isLevel = isLevel
    fresh.cascade = cascade
    fresh.ltim = ltim
    fresh.automaticEOI = automaticEOI
    fresh.nestsSlaves = nestsSlaves
    self = fresh
  }
}

struct ModelPair {
  var chips = [ModelChip(), ModelChip()]

  init() { chips[0].cascade = 2 }

  var isPending: Bool { chips[0].next != nil }

  mutating func settle() { chips[0].drive(2, chips[1].next != nil) }

  mutating func acknowledge() -> UInt8 {
    let level = chips[0].acknowledge()
    guard level == 2 else { return 0x20 + UInt8(level) }
    let slaves = chips[1].acknowledge()
    chips[0].drive(2, false)
    return 0x28 + UInt8(slaves)
  }

  mutating func poll(_ chip: Int) -> UInt8 {
    let requested: UInt8 = chips[chip].next == nil ? 0 : 0x80
    let level = UInt8(chips[chip].acknowledge())
    if chip == 1 { chips[0].drive(2, false) }
    return requested | level
  }
}

func byte(_ flags: [Bool]) -> UInt8 {
  flags.enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt8($1.offset) : 0) }
}
