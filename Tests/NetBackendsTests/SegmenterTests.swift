import NetBackends
import TestSupport
import Testing
import VMM

/// Against ``TCPModel``, which knows the headers on its own.
@Suite("The segmenter")
struct SegmenterTests {
  private let segmenter = Segmenter()

  private func complete(_ frame: [UInt8], _ offload: Offload, cut: [Int] = []) throws -> [[UInt8]] {
    var frames: [[UInt8]] = []
    let pieces = Pieces(frame, cut: cut)
    defer { extendLifetime(pieces) }
    let views = pieces.views
    try segmenter.complete(views.span, offload) { frames.append($0.bytes) }
    return frames
  }

  @Test(
    "segments put together again are what was cut, and each is right in itself",
    arguments: 0..<60 as Range<UInt64>)
  func reassembly(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var model = TCPModel.random(&random)
    let size = Int.random(in: Segmenter.smallestSegment...9000, using: &random)
    let cut = (0..<Int.random(in: 0..<6, using: &random)).map { _ in Int.random(in: 0...3000, using: &random)
    }
    let segments = try complete(model.frame, model.offload(size), cut: cut)
    #expect(segments.count == max(1, (model.payload.count + size - 1) / size))
    var rest = model.payload[...]
    let sequence = model.sequence
    let flags = model.flags
    for (index, segment) in segments.enumerated() {
      model.payload = Array(rest.prefix(size))
      model.sequence = sequence &+ UInt32(index * size)
      rest = rest.dropFirst(size)
      model.flags = flags & ~(rest.isEmpty ? 0 : 0x09) & ~(index == 0 ? 0 : 0x80)
      model.isComplete = true
      #expect(segment == model.frame, "segment \(index)")
      model.identification &+= 1
    }
    #expect(rest.isEmpty)
  }

  @Test("a checksum is completed over pieces of any lengths", arguments: 0..<60 as Range<UInt64>)
  func checksum(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let frame = (0..<Int.random(in: 4...3000, using: &random)).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    var offload = Offload()
    offload.needsChecksum = true
    let start = Int.random(in: 0...(frame.count - 2), using: &random)
    offload.checksumStart = UInt16(start)
    offload.checksumOffset = UInt16.random(in: 0...UInt16(frame.count - start - 2), using: &random)
    let cut = (0..<4).map { _ in Int.random(in: 0...700, using: &random) }
    let whole = try complete(frame, offload, cut: cut)
    let field = start + Int(offload.checksumOffset)
    var expected = frame
    let sum = modelSum(frame[start...])
    let value = sum == 0xffff ? 0xffff : ~sum
    (expected[field], expected[field + 1]) = (UInt8(value >> 8), UInt8(value & 0xff))
    #expect(whole == [expected])
  }

  @Test("a frame to which nothing is to be done passes as it is, where it lies if that is one piece")
  func nothing() throws {
    let frame = makeFrame(3, length: 61)
    #expect(try complete(frame.view.bytes, .none, cut: [7, 0, 20]) == [frame.view.bytes])
  }

  @Test(
    "whatever stands in headers and offload, nothing traps, and the work is bounded",
    arguments: 0..<400 as Range<UInt64>)
  func hostile(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var model = TCPModel.random(&random)
    model.payload = Array(model.payload.prefix(1000))
    var frame = model.frame
    for _ in 0..<Int.random(in: 0..<4, using: &random) {
      frame[Int.random(in: 0..<min(frame.count, 100), using: &random)] = UInt8.random(
        in: 0...255, using: &random)
    }
    frame = Array(frame.prefix(Int.random(in: 0...frame.count, using: &random)))
    var offload = model.offload(Int.random(in: 0...70, using: &random))
    if Bool.random(using: &random) { offload.checksumStart = UInt16.random(in: 0...65535, using: &random) }
    if Bool.random(using: &random) { offload.checksumOffset = UInt16.random(in: 0...65535, using: &random) }
    if Bool.random(using: &random) {
      offload.segmentation = [.none, .tcp4, .tcp6].randomElement(using: &random)!
    }
    if Bool.random(using: &random) { offload.needsChecksum.toggle() }
    var count = 0
    var bytes = 0
    let pieces = Pieces(frame, cut: [5, 30, 1])
    defer { extendLifetime(pieces) }
    let views = pieces.views
    do throws(SegmenterProblem) {
      try segmenter.complete(views.span, offload) {
        count += 1
        bytes += $0.count
      }
      #expect(count <= 1 + frame.count / Segmenter.smallestSegment)
      #expect(bytes <= frame.count + count * 256)
    } catch {
      #expect(count == 0)
    }
  }

  @Test("each way to be malformed has its reason")
  func reasons() throws {
    let model = TCPModel(isIPv6: false, payload: [UInt8](repeating: 1, count: 1000))
    func problem(_ frame: [UInt8], _ change: (inout Offload) -> Void) -> SegmenterProblem? {
      var offload = model.offload(500)
      change(&offload)
      do throws(SegmenterProblem) {
        let pieces = Pieces(frame, cut: [])
        defer { extendLifetime(pieces) }
        let views = pieces.views
        try segmenter.complete(views.span, offload) { _ in }
        return nil
      } catch { return error }
    }
    #expect(problem(model.frame) { _ in } == nil)
    for size: UInt16 in [0, 1, 7] {
      #expect(problem(model.frame) { $0.segmentSize = size } == .segmentTooSmall)
    }
    #expect(problem(model.frame) { $0.segmentation = .tcp6 } == .otherProtocol)
    #expect(problem(model.frame) { $0.checksumStart = 33 } == .badChecksumPlace)
    #expect(problem(model.frame) { $0.needsChecksum = false } == .badChecksumPlace)
    for length in 0..<54 { #expect(problem(Array(model.frame.prefix(length))) { _ in } != nil, "\(length)") }
    #expect(problem([UInt8](repeating: 0, count: NetBackend.longestFrame + 1)) { _ in } == .tooLong)
    #expect(
      problem(model.frame) {
        $0.segmentation = .none
        $0.checksumStart = 1052
      } == .badChecksumPlace)
    var fragment = model.frame
    fragment[20] = 0x20
    #expect(problem(fragment) { _ in } == .otherProtocol)
  }

  @Test("IPv6's extensions that leave the addresses alone are passed over, others are not cut")
  func extensions() throws {
    var model = TCPModel(isIPv6: true, payload: [UInt8](repeating: 7, count: 900))
    model.extensions = [0, 60]
    #expect(try complete(model.frame, model.offload(400)).count == 3)
    model.extensions = [43]
    #expect(throws: SegmenterProblem.otherProtocol) { try complete(model.frame, model.offload(400)) }
    model.extensions = Array(repeating: 60, count: 30)
    #expect(throws: SegmenterProblem.truncated) { try complete(model.frame, model.offload(400)) }
  }
}
