import PIC
import Synchronization
import VMM

/// A pair of controllers on a board: its lines, its ports, and what it told of INTR.
final class Board: Sendable {
  enum Chip: Int, CaseIterable, Sendable {
    case master, slave
  }

  final class Log: Sendable {
    let levels = Mutex<[Bool]>([])
  }

  let log = Log()
  let pair: InterruptControllerPair
  /// A line into each IRQ but 2.
  let lines: [Int: InterruptLine]

  /// - Parameter initialised: programmed as PC firmware does, with vectors from 0x20 and 0x28.
  init(initialised: Bool = true) {
    let log = log
    let pair = InterruptControllerPair { level in log.levels.withLock { $0.append(level) } }
    self.pair = pair
    lines = .init(uniqueKeysWithValues: (0..<16).filter { $0 != 2 }.map { ($0, pair.line($0)) })
    if initialised {
      initialise(.master)
      initialise(.slave)
    }
  }

  var outputs: [Bool] { log.levels.withLock { $0 } }

  func initialise(_ chip: Chip, icw1: UInt8 = 0x11, icw4: UInt8 = 0x01) {
    command(chip, icw1)
    data(chip, chip == .master ? 0x20 : 0x28)
    if icw1 & 0x02 == 0 { data(chip, chip == .master ? 0x04 : 0x02) }
    if icw1 & 0x01 != 0 { data(chip, icw4) }
  }

  func command(_ chip: Chip, _ value: UInt8) { write(chip.rawValue, 0, value) }
  func data(_ chip: Chip, _ value: UInt8) { write(chip.rawValue, 1, value) }
  func readData(_ chip: Chip) -> UInt8 { read(chip.rawValue, 1) }

  func levels(_ master: UInt8, _ slave: UInt8) {
    write(2, 0, master)
    write(2, 1, slave)
  }

  func requests(_ chip: Chip) -> UInt8 {
    command(chip, 0x0a)
    return read(chip.rawValue, 0)
  }

  func inService(_ chip: Chip) -> UInt8 {
    command(chip, 0x0b)
    return read(chip.rawValue, 0)
  }

  func poll(_ chip: Chip) -> UInt8 {
    command(chip, 0x0c)
    return read(chip.rawValue, 0)
  }

  /// A rise of the line, which stays high.
  func raise(_ numbers: Int...) {
    for number in numbers { lines[number]!.set(true) }
  }

  func lower(_ numbers: Int...) {
    for number in numbers { lines[number]!.set(false) }
  }

  /// The vectors that the CPU takes one after the other while INTR is high and nothing is ended.
  func takeAll() -> [UInt8] {
    var vectors: [UInt8] = []
    while pair.hasPending, vectors.count < 100 { vectors.append(pair.acknowledge()) }
    return vectors
  }

  /// As the bus does: with the gate closed, so that other threads may drive the lines meanwhile.
  private func write(_ window: Int, _ offset: Int, _ value: UInt8) {
    pair.exclusively { pair.write(Access(window: window, offset: offset, size: 1), UInt64(value)) }
  }

  func read(_ window: Int, _ offset: Int) -> UInt8 {
    pair.exclusively { UInt8(pair.read(Access(window: window, offset: offset, size: 1))) }
  }
}
