import Loaders
import TestSupport
import Testing
import VMM

@Suite("Where segments may lie")
struct PlacementTests {
  private static let cell: UInt64 = 0x400

  /// Random segments near every border there is, in cells of 1 KiB.
  private static func segments(_ random: inout SplitMix64) -> [ELFBuilder.Segment] {
    let borders: [UInt64] = [
      0x4000, 0x8_0000, 0x9_fc00, 0x10_0000, 0x30_0000, 0xc000_0000, 0x1_0000_0000, 0x1_0004_0000,
    ]
    return (0..<Int.random(in: 1...5, using: &random)).map { _ in
      let border = borders.randomElement(using: &random)!
      let start = border &+ UInt64.random(in: 0..<24, using: &random) * cell - 12 * cell
      let size = UInt64.random(in: 0...14, using: &random) * cell
      let content = size > 0 ? pattern(Int.random(in: 0...16, using: &random)) : []
      return .init(address: start, content: content, memory: size)
    }
  }

  @Test("Random sets of segments are accepted just when no two share a cell and none lies where it must not")
  func randomSets() throws {
    var random = SplitMix64(seed: 42)
    var accepted = 0
    for round in 0..<3000 {
      var elf = ELFBuilder()
      elf.segments = [.init(address: 0x20_0000, content: pattern(16))] + Self.segments(&random)
      var cells: Set<UInt64> = [0x20_0000 / Self.cell]
      var good = true
      for segment in elf.segments.dropFirst() {
        for offset in stride(from: 0, to: segment.memory!, by: Int(Self.cell)) {
          let address = segment.address + offset
          if !cells.insert(address / Self.cell).inserted { good = false }
          if address >= 0x8_0000 && address < 0x9_fc00 { good = false }
          if address >= 0xc000_0000 && address < 0x1_0000_0000 { good = false }
        }
      }
      let file = File(elf.build())
      let image = try? BootImage(file.view, name: "\(round)")
      #expect((image != nil) == good, "round \(round)")
      if good { accepted += 1 }
    }
    #expect((300...2700).contains(accepted))
  }

  private func problem(
    _ segments: [ELFBuilder.Segment], memory: UInt64 = 4 << 20, _ problem: PlacementProblem
  ) {
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: pattern(16))] + segments
    expect(.placement(problem)) { _ = try Loaded(elf.build(), memory: memory) }
  }

  @Test("Each kind of wrong place has its own error")
  func kinds() {
    problem(
      [.init(address: 0x1f_ffff, content: pattern(2))], .overlap("segment 1", "segment 0", at: 0x20_0000))
    problem(
      [.init(address: 0x20_000f, content: [], memory: 1)], .overlap("segment 0", "segment 1", at: 0x20_000f))
    problem([.init(address: 0x9_fbff, content: [1])], .overBootTables("segment 1", 0x9_fbff..<0x9_fc00))
    problem(
      [.init(address: 0xbfff_ffff, content: [], memory: 2)], .inHole("segment 1", 0xbfff_ffff..<0xc000_0001))
    problem(
      [.init(address: 0x1000, content: [], memory: 0x2_0000_0000)],
      .inHole("segment 1", 0x1000..<0x2_0000_1000))
    problem(
      [.init(address: .max, content: [1])], .addressOverflow("segment 1", .max, size: 1))
    problem(
      [.init(address: 0x1000, content: [], memory: .max)], .addressOverflow("segment 1", 0x1000, size: .max))
  }

  @Test("What does not fit says how much memory it takes, hole left out")
  func memoryNeeded() {
    problem(
      [.init(address: 0x3f_ffff, content: [1, 2])],
      .beyondMemory("segment 1", end: 0x40_0001, needed: 0x40_0001, size: 4 << 20))
    problem(
      [.init(address: 0x1_0000_0000, content: [1, 2])],
      .beyondMemory("segment 1", end: 0x1_0000_0002, needed: 0xc000_0002, size: 4 << 20))
    problem(
      [.init(address: 1 << 62, content: [1])],
      .beyondMemory("segment 1", end: 1 << 62 | 1, needed: (1 << 62 | 1) - (1 << 30), size: 4 << 20))
    let text = PlacementProblem.beyondMemory("segment 1", end: 0x40_0001, needed: 0x40_0001, size: 4 << 20)
    #expect(text.description.contains("5 MiB"))
  }

  @Test("The memory that an error asks for is enough, and a page less is not")
  func neededIsEnough() throws {
    for address in [0x50_0000, 0xbfff_0000, 0x1_0030_0000] as [UInt64] {
      var elf = ELFBuilder()
      elf.segments = [
        .init(address: 0x20_0000, content: pattern(16)), .init(address: address, content: [], memory: 0x1000),
      ]
      let error = #expect(throws: LoadError.self) { _ = try Loaded(elf.build()) }
      guard case .placement(.beyondMemory(_, _, let needed, _)) = error?.problem else {
        Issue.record("\(String(describing: error))")
        continue
      }
      _ = try Loaded(elf.build(), memory: needed)
      #expect(throws: LoadError.self) { _ = try Loaded(elf.build(), memory: needed - 4096) }
    }
  }
}
