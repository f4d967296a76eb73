import Foundation
import TestSupport
import Testing

@testable import VMM

/// The guest's RAM around the hole for MMIO.
@Suite struct GuestMemoryTests {
  private static let hole = GuestMemory.hole
  private static let page: UInt64 = 4096

  /// What RAM is, said the naive way: the address and the whole length lie in one of the ranges.
  private func isRAM(_ size: UInt64, _ address: UInt64, _ count: Int) -> Bool {
    let low = 0..<min(size, Self.hole.lowerBound)
    let high = Self.hole.upperBound..<(Self.hole.upperBound + (size - low.upperBound))
    return [low, high].contains { slot in
      slot.contains(address) && count >= 0
        && Int128(address) + Int128(count) <= Int128(slot.upperBound)
    }
  }

  /// Addresses around every place where something begins or ends.
  private func address(near size: UInt64, _ random: inout SplitMix64) -> UInt64 {
    let places: [UInt64] = [
      0, size, Self.hole.lowerBound, Self.hole.upperBound, Self.hole.upperBound &+ size,
      Self.hole.upperBound &+ (size &- min(size, Self.hole.lowerBound)), 1 << 52, 1 << 63, .max,
    ]
    return places.randomElement(using: &random)! &+ UInt64(bitPattern: .random(in: -20...20, using: &random))
  }

  @Test(
    arguments: [1 << 20, 64 << 20, 0xc000_0000 - 4096, 0xc000_0000, 0xc000_0000 + 4096, 5 << 30] as [UInt64])
  func `an address leads to memory exactly where RAM is`(size: UInt64) throws {
    let memory = try GuestMemory(size: size)
    var random = SplitMix64(seed: size)
    for _ in 0..<4000 {
      let address = address(near: size, &random)
      let counts = [
        Int.random(in: 0...40, using: &random), .random(in: -5...5, using: &random), .max, .min, Int(size),
        .random(in: (.min)...(.max), using: &random),
      ]
      let count = counts.randomElement(using: &random)!
      let view = memory.view(at: address, count: count)
      #expect((view != nil) == isRAM(size, address, count), "\(hex(address)), \(count) bytes")
      if let view { #expect(view.count == count) }
    }
  }

  @Test func `one address is one place, whatever the view it is seen through`() throws {
    let memory = try GuestMemory(size: Self.hole.lowerBound + 2 * Self.page)
    for edge in [
      0, Self.hole.lowerBound - 16, Self.hole.upperBound, Self.hole.upperBound + 2 * Self.page - 16,
    ] {
      let whole = try #require(memory.view(at: edge, count: 16))
      for offset in 0..<16 {
        let value = UInt8(offset * 13 + 1)
        try #require(memory.view(at: edge + UInt64(offset), count: 1)).store(value, at: 0)
        #expect(whole.load(UInt8.self, at: offset) == value)
      }
    }
  }

  @Test func `the slots are the RAM, with the hole between, and do not share a byte`() throws {
    let memory = try GuestMemory(size: Self.hole.lowerBound + Self.page)
    #expect(memory.slots.map(\.start) == [0, Self.hole.upperBound])
    #expect(memory.slots.map { UInt64($0.view.count) } == [Self.hole.lowerBound, Self.page])
    #expect(memory.size == Self.hole.lowerBound + Self.page)
    memory.slots[0].view.store(1 as UInt64, at: Int(Self.hole.lowerBound) - 8)
    #expect(memory.slots[1].view.load(UInt64.self, at: 0) == 0)
    #expect(try GuestMemory(size: Self.hole.lowerBound).slots.count == 1)
  }

  @Test(arguments: [0, 4096, (1 << 20) - 4096, (1 << 20) + 1, (1 << 20) + 2048, 1 << 63, .max] as [UInt64])
  func `a size that no machine has is refused`(size: UInt64) {
    #expect(throws: GuestMemoryError.badSize(size)) { try GuestMemory(size: size) }
  }

  @Test func `a size that the host cannot map is refused with its errno`() {
    let size: UInt64 = 1 << 62
    let error = #expect(throws: GuestMemoryError.self) { try GuestMemory(size: size) }
    guard case .cannotMap(size, let errno) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(errno > 0)
  }

  @Test func `RAM begins at a boundary of large pages`() throws {
    for size: UInt64 in [1 << 20, 64 << 20, (64 << 20) + 4096] {
      for pages in [GuestMemory.Pages.asUsual, .small, .large] {
        let memory = try GuestMemory(size: size, pages: pages)
        unsafe memory.slots[0].view.withUnsafeBytes { bytes in
          #expect(UInt(bitPattern: bytes.baseAddress) % (2 << 20) == 0)
        }
      }
    }
  }

  /// What the kernel says of the mapping that RAM lies in (proc(5), VmFlags of smaps).
  private func flags(of memory: GuestMemory) throws -> [Substring] {
    defer { extendLifetime(memory) }
    let start = unsafe memory.slots[0].view.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    // String(contentsOfFile:) reads no more of it than the kernel gives at once.
    let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
    let lines = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n")
    let place = try #require(
      lines.firstIndex { line in
        let ends = line.prefix { $0 != " " }.split(separator: "-").map { UInt($0, radix: 16) }
        return ends.count == 2 && ends[0] ?? .max <= start && start < ends[1] ?? 0
      })
    return try #require(lines[place...].first { $0.hasPrefix("VmFlags:") }).split(separator: " ")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel/mm/transparent_hugepage")))
  func `the host is told which pages are wanted`() throws {
    #expect(try flags(of: GuestMemory(size: 8 << 20, pages: .large)).contains("hg"))
    #expect(try flags(of: GuestMemory(size: 8 << 20, pages: .small)).contains("nh"))
    let usual = try flags(of: GuestMemory(size: 8 << 20))
    #expect(!usual.contains("hg") && !usual.contains("nh"))
  }
}
