import TestSupport
import Testing

@testable import VMM

/// The checked view through which all guest memory is read and written.
@Suite struct MemoryViewTests {
  private static let count = 1000
  private let buffer = HostBuffer(count: Self.count)
  private var view: MemoryView { buffer.view }

  private static let extremes = [
    Int.min, Int.min + 1, -1, 0, 1, 499, 500, 999, 1000, 1001, Int.max - 1, Int.max,
  ]

  @Test(arguments: extremes, extremes)
  func `a slice is there exactly where all of it lies within the view`(offset: Int, length: Int) {
    // Wide enough for any sum: the oracle cannot overflow.
    let end = Int128(offset) + Int128(length)
    let fits = offset >= 0 && length >= 0 && end <= Int128(Self.count)
    let slice = view.slice(offset, length)
    #expect((slice != nil) == fits)
    if let slice { #expect(slice.count == length) }
  }

  @Test func `a random slice of a slice shows the bytes that an array shows`() throws {
    var random = SplitMix64(seed: 1)
    let model = (0..<Self.count).map { _ in UInt8.random(in: 0...255, using: &random) }
    view.copy(from: model)
    for _ in 0..<500 {
      let (a, b) = (Int.random(in: -50...1050, using: &random), Int.random(in: -50...1050, using: &random))
      let (c, d) = (Int.random(in: -10...1000, using: &random), Int.random(in: -10...1000, using: &random))
      guard let outer = view.slice(a, b) else {
        #expect(a < 0 || b < 0 || a + b > Self.count)
        continue
      }
      guard let inner = outer.slice(c, d) else {
        #expect(c < 0 || d < 0 || c + d > b)
        continue
      }
      #expect(inner.bytes == Array(model[(a + c)..<(a + c + d)]))
    }
  }

  private func roundTrip<T: GuestInteger>(_ type: T.Type) {
    let size = MemoryLayout<T>.size
    for offset in [0, 1, 3, 7, Self.count - size] {
      view.clear()
      let value = T(truncatingIfNeeded: 0x8899_aabb_ccdd_eeff as UInt64)
      view.store(value, at: offset)
      #expect(view.load(T.self, at: offset) == value)
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      #expect(
        view.bytes == Array(repeating: 0, count: offset) + bytes
          + Array(repeating: 0, count: Self.count - offset - size))
    }
  }

  @Test func `integers are little endian, at any alignment, and touch no byte beside them`() {
    roundTrip(UInt8.self)
    roundTrip(UInt16.self)
    roundTrip(UInt32.self)
    roundTrip(UInt64.self)
  }

  @Test func `on the wire they are big endian`() throws {
    view.storeBigEndian(0x0102_0304 as UInt32, at: 5)
    #expect(try #require(view.slice(4, 6)).bytes == [0, 1, 2, 3, 4, 0])
    #expect(view.loadBigEndian(UInt32.self, at: 5) == 0x0102_0304)
    #expect(view.loadBigEndian(UInt16.self, at: 6) == 0x0203)
  }

  @Test func `acquire and release see the same bytes as plain accesses`() {
    view.storeRelease(0xbeef as UInt16, at: 2)
    #expect(view.load(UInt32.self, at: 0) == 0xbeef_0000)
    view.store(0x1234 as UInt16, at: 998)
    #expect(view.loadAcquire(at: 998) == 0x1234)
    view.storeRelease(7 as UInt8, at: 999)
    #expect(view.load(UInt16.self, at: 998) == 0x0734)
  }

  @Test func `copies may overlap in both directions`() throws {
    let model = (0..<Self.count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for (from, to) in [(0, 1), (1, 0), (100, 50), (50, 100)] {
      view.copy(from: model)
      view.copy(from: try #require(view.slice(from, 900)), at: to)
      var expected = model
      expected.replaceSubrange(to..<(to + 900), with: model[from..<(from + 900)])
      #expect(view.bytes == expected)
    }
  }

  @Test func `an empty copy fits at the very end`() throws {
    view.copy(from: [], at: Self.count)
    view.copy(from: try #require(view.slice(Self.count, 0)), at: Self.count)
    #expect(view.bytes.allSatisfy { $0 == 0 })
  }

  @Test func `a load past the end stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let buffer = HostBuffer(count: 16)
      #expect(buffer.view.load(UInt32.self, at: 13) == 0)
    }
  }

  @Test func `a store at a negative offset stops the program`() async {
    await #expect(processExitsWith: .failure) {
      HostBuffer(count: 16).view.store(1 as UInt64, at: .min)
    }
  }

  @Test func `a copy longer than the view stops the program`() async {
    await #expect(processExitsWith: .failure) {
      HostBuffer(count: 16).view.copy(from: HostBuffer(count: 17).view)
    }
  }
}
