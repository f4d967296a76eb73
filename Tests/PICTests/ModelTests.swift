import PIC
import TestSupport
import Testing
import VMM

@Suite("8259A pair against a model")
struct ModelTests {
  /// Something that devices, CPU or guest do.
  enum Operation {
    case drive(Int, Bool)
    case acknowledge
    case end
    case rotatingEnd
    case automaticRotation(Bool)
    case endOf(Int)
    case rotatingEndOf(Int)
    case lowestPriority(Int)
    case mask(UInt8)
    case specialMask(Bool)
    case poll
    case initialise(ltim: Bool, automaticEOI: Bool, nestsSlaves: Bool)
    case levels(UInt8, UInt8)

    static func random(using random: inout SplitMix64) -> Operation {
      let level = Int.random(in: 0..<8, using: &random)
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<40:
        let numbers = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
        return .drive(numbers.randomElement(using: &random)!, Bool.random(using: &random))
      case 40..<62: return .acknowledge
      case 62..<74: return .end
      case 74..<77: return .rotatingEnd
      case 77..<79: return .automaticRotation(Bool.random(using: &random))
      case 79..<84: return .endOf(level)
      case 84..<86: return .rotatingEndOf(level)
      case 86..<88: return .lowestPriority(level)
      case 88..<92:
        // Few bits, or nothing would ever come through.
        return .mask(
          UInt8.random(in: 0...255, using: &random) & UInt8.random(in: 0...255, using: &random))
      case 92..<95: return .specialMask(Bool.random(using: &random))
      case 95..<97: return .poll
      case 97..<98:
        return .levels(
          UInt8.random(in: 0...255, using: &random), UInt8.random(in: 0...255, using: &random))
      default:
        return .initialise(
          ltim: Int.random(in: 0..<4, using: &random) == 0, automaticEOI: Bool.random(using: &random),
          nestsSlaves: Bool.random(using: &random))
      }
    }
  }

  @Test(
    "random operations give the same requests, services, vectors and INTR",
    arguments: 0..<20 as Range<UInt64>)
  func agrees(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let board = Board()
    var model = ModelPair()
    for step in 0..<600 {
      let operation = Operation.random(using: &random)
      let chip = Board.Chip.allCases.randomElement(using: &random)!
      perform(operation, chip, board, &model)
      model.settle()
      let happened: Comment = "seed \(seed), step \(step): \(operation) on \(chip)"
      try #require(board.pair.hasPending == model.isPending, happened)
      for chip in Board.Chip.allCases {
        let expected = model.chips[chip.rawValue]
        try #require(board.requests(chip) == byte((0..<8).map(expected.isRequested)), happened)
        try #require(board.inService(chip) == byte(expected.service), happened)
        try #require(board.readData(chip) == byte(expected.masked), happened)
      }
    }
    let outputs = board.outputs
    #expect(zip(outputs, outputs.dropFirst()).allSatisfy { $0 != $1 }, "only changes are told")
    #expect(outputs.last ?? false == board.pair.hasPending)
  }

  private func perform(
    _ operation: Operation, _ chip: Board.Chip, _ board: Board, _ model: inout ModelPair
  ) {
    let index = chip.rawValue
    switch operation {
    case .drive(let number, let high):
      board.lines[number]!.set(high)
      model.chips[number / 8].drive(number % 8, high)
    case .acknowledge:
      #expect(board.pair.acknowledge() == model.acknowledge())
    case .poll:
      #expect(board.poll(chip) == model.poll(index))
    case .end:
      board.command(chip, 0x20)
      model.chips[index].end(nil, rotating: false)
    case .rotatingEnd:
      board.command(chip, 0xa0)
      model.chips[index].end(nil, rotating: true)
    case .endOf(let level):
      board.command(chip, 0x60 | UInt8(level))
      model.chips[index].end(level, rotating: false)
    case .rotatingEndOf(let level):
      board.command(chip, 0xe0 | UInt8(level))
      model.chips[index].end(level, rotating: true)
    case .lowestPriority(let level):
      board.command(chip, 0xc0 | UInt8(level))
      model.chips[index].moveToEnd(level)
    case .automaticRotation(let on):
      board.command(chip, on ? 0x80 : 0x00)
      model.chips[index].rotates = on
    case .mask(let mask):
      board.data(chip, mask)
      model.chips[index].masked = (0..<8).map { mask & (1 << $0) != 0 }
    case .specialMask(let on):
      board.command(chip, on ? 0x68 : 0x48)
      model.chips[index].specialMask = on
    case .levels(let master, let slave):
      board.levels(master, slave)
      model.chips[0].isLevel = (0..<8).map { $0 > 2 && master & (1 << $0) != 0 }
      model.chips[1].isLevel = (0..<8).map { $0 != 0 && $0 != 5 && slave & (1 << $0) != 0 }
    case .initialise(let ltim, let automaticEOI, let nestsSlaves):
      board.initialise(
        chip, icw1: ltim ? 0x19 : 0x11,
        icw4: 0x01 | (automaticEOI ? 0x02 : 0) | (nestsSlaves ? 0x10 : 0))
      // A slave without its ICWs asks for nothing, so its request comes anew, as an edge.
      if index == 1 { model.chips[0].drive(2, false) }
      model.chips[index].initialise(ltim: ltim, automaticEOI: automaticEOI, nestsSlaves: nestsSlaves)
    }
  }
}
