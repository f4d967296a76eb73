import Testing
import VMM
import Virtio

@Suite("A descriptor chain")
struct DescriptorChainTests {
  /// A chain whose buffers have the lengths given, one behind the other with gaps of a byte, filled with a
  /// running number.
  private func chain(readable: [Int], writable: [Int] = []) throws -> (Ring, SplitQueue, [UInt8]) {
    let ring = try Ring(size: 32)
    let queue = try ring.queue()
    var address = Ring.buffers
    var content: [UInt8] = []
    var entries: [Ring.Entry] = []
    for (index, count) in (readable + writable).enumerated() {
      let isWritable = index >= readable.count
      entries.append(
        Ring.Entry(address: address, length: UInt32(count), flags: isWritable ? Ring.Entry.write : 0))
      for offset in 0..<count where !isWritable {
        let byte = UInt8(truncatingIfNeeded: content.count &* 7 &+ 1)
        ring.ram.store(byte, at: Int(address) + offset)
        content.append(byte)
      }
      address += GuestAddress(count + 1)
    }
    ring.describeChain(entries)
    ring.offer(0)
    #expect(try queue.pop())
    return (ring, queue, content)
  }

  @Test(
    "is read as one stream, however it is cut and wherever reading begins",
    arguments: [[64], [1, 63], [12, 52], [11, 1, 52], [6, 6, 6, 46], Array(repeating: 2, count: 32)])
  func read(cut: [Int]) throws {
    for start in 0..<64 {
      let (_, queue, content) = try chain(readable: cut)
      queue.chain.skip(start)
      #expect(queue.chain.readableCount == 64 - start)
      #expect(queue.chain.readable == Array(content[start...]))
      let rest = HostBuffer(count: 64 - start)
      queue.chain.read(into: rest.view)
      #expect(rest.view.bytes == Array(content[start...]))
      #expect(queue.chain.readableCount == 0)
      #expect(queue.chain.readable == [])
    }
  }

  @Test("A header is read where it lies, and copied only where the driver has cut it")
  func readInOnePiece() throws {
    for first in 1...64 {
      let (ring, queue, content) = try chain(readable: first == 64 ? [64] : [first, 64 - first])
      let space = HostBuffer(count: 12)
      let header = queue.chain.read(by: space.view)
      #expect(header.bytes == Array(content[..<12]))
      #expect(queue.chain.readable == Array(content[12...]))
      ring.ram.store(~content[0], at: Int(Ring.buffers))
      #expect((header.load(UInt8.self, at: 0) == content[0]) == (first < 12))
    }
  }

  @Test("lends a frame where it lies")
  func inPlace() throws {
    for cut in [[76], [12, 64], [12, 30, 34]] {
      let (ring, queue, _) = try chain(readable: cut)
      queue.chain.skip(12)
      // A change of guest memory shows in the view, so it is no copy.
      let last = Int(Ring.buffers) + 75 + (cut.count - 1)
      queue.chain.withReadable { frame in
        ring.ram.store(UInt8(0xee), at: last)
        let piece = frame[frame.count - 1]
        #expect(piece.load(UInt8.self, at: piece.count - 1) == 0xee)
      }
    }
  }

  @Test(
    "is written as one stream, and the rest is lent from where writing ended",
    arguments: [[64], [12, 52], [1, 11, 52], [5, 5, 5, 49], Array(repeating: 2, count: 31) + [2]])
  func write(cut: [Int]) throws {
    let header = HostBuffer(count: 12)
    header.view.copy(from: Array(0x30..<0x3c))
    let (ring, queue, _) = try chain(readable: [], writable: cut)
    #expect(queue.chain.writableCount == 64)
    queue.chain.write(header.view)
    #expect(queue.chain.writableCount == 52)
    queue.chain.withWritable { buffers in
      var left = 0
      for index in buffers.indices {
        left += buffers[index].count
        for offset in 0..<buffers[index].count { buffers[index].store(UInt8(0xcc), at: offset) }
      }
      #expect(left == 52)
    }
    var written: [UInt8] = []
    var address = Int(Ring.buffers)
    for count in cut {
      written += ring.ram.slice(address, count)!.bytes
      address += count
      #expect(ring.ram.load(UInt8.self, at: address) == 0, "the gap between two buffers stays as it was")
      address += 1
    }
    #expect(written == Array(0x30..<0x3c) + Array(repeating: 0xcc, count: 52))
  }

  @Test("keeps its readable and its writable part apart")
  func both() throws {
    let (_, queue, content) = try chain(readable: [3, 4], writable: [5, 6])
    #expect(queue.chain.readableCount == 7)
    #expect(queue.chain.writableCount == 11)
    #expect(queue.chain.readable == content)
    queue.chain.withWritable { #expect($0.count == 2) }
  }
}
