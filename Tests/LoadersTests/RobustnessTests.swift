import Loaders
import TestSupport
import Testing
import VMM

@Suite("Damaged images load or throw, and never stop the VMM")
struct RobustnessTests {
  private static let images: [[UInt8]] = [Good.elf64.build(), Good.elf32.build(), Good.addressFields]

  /// Loads what can be loaded and checks what then must hold. Whether it was loaded.
  private func tryLoad(_ bytes: [UInt8]) throws -> Bool {
    let file = File(bytes)
    let memory = try GuestMemory(size: 4 << 20)
    do {
      let image = try BootImage(file.view, name: "damaged")
      let state = try image.load(into: memory, commandLine: "a=1")
      try #require(memory.view(at: state.instructionPointer, count: 1) != nil)
      try #require(state.instructionPointer < 0x8_0000 || state.instructionPointer >= 0x9_fc00)
      return true
    } catch let error as LoadError {
      try #require(!error.description.contains("\n"))
      return false
    }
  }

  @Test("Truncated at every length", arguments: 0..<3)
  func truncated(index: Int) throws {
    let bytes = Self.images[index]
    for length in 0..<bytes.count {
      let loads = try tryLoad(Array(bytes[..<length]))
      // The last segment's bytes are the file's last, but for the flat one that ends before it.
      let needed = index == 2 ? 8 + 0x60 : bytes.count
      #expect(loads == (length >= needed), "length \(length)")
    }
    #expect(try tryLoad(bytes))
  }

  @Test("Random bytes changed", arguments: 0..<3)
  func flipped(index: Int) throws {
    var random = SplitMix64(seed: UInt64(index) + 7)
    let bytes = Self.images[index]
    var loads = 0
    for _ in 0..<4000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let offset = Int.random(in: 0..<bytes.count, using: &random)
        damaged[offset] = [0, 0xff, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random)!
      }
      if try tryLoad(damaged) { loads += 1 }
    }
    // Both ways were taken, or this tested little.
    #expect((100...3900).contains(loads))
  }

  @Test("Random fields of the headers set to values at the borders", arguments: 0..<3)
  func fields(index: Int) throws {
    var random = SplitMix64(seed: UInt64(index) + 77)
    let bytes = Self.images[index]
    let values: [UInt64] = [
      0, 1, 0x7fff, 0xffff, 0x8_0000, 0x20_0000, 0x3f_ffff, 0x7fff_ffff, 0x8000_0000, 0xc000_0000,
      0xffff_ffff,
      0x1_0000_0000, .max >> 1, .max >> 1 + 1, .max - 1, .max,
    ]
    let headers = min(bytes.count, 64 + 56 * 3)
    for _ in 0..<4000 {
      var file = FileBytes(bytes: bytes)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let value = values.randomElement(using: &random)!
        let offset = Int.random(in: 0..<(headers / 4 - 1), using: &random) * 4
        if Bool.random(using: &random) {
          file.put(UInt32(truncatingIfNeeded: value), at: offset)
        } else {
          file.put(value, at: offset)
        }
      }
      _ = try tryLoad(file.bytes)
    }
  }
}
