import CLinux

@testable import Witness

/// A perf ring in ordinary memory, with the test as the kernel.
@safe
final class RingMemory {
  private let base: UnsafeMutableRawPointer
  private let size: Int
  private var head: UInt64
  var reader: PerfRingReader

  private static let pageSize = 4096

  /// - Parameters:
  ///   - size: of the data, a power of two.
  ///   - start: head and tail at the start; a ring that has run for long has large ones.
  init(size: Int, start: UInt64 = 0) {
    self.size = size
    head = start
    unsafe base = .allocate(byteCount: Self.pageSize + size, alignment: Self.pageSize)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0xee, count: Self.pageSize + size)
    let page = unsafe base.assumingMemoryBound(to: perf_event_mmap_page.self)
    unsafe page.pointee.data_offset = UInt64(Self.pageSize)
    unsafe page.pointee.data_size = UInt64(size)
    unsafe page.pointee.data_head = start
    unsafe page.pointee.data_tail = start
    reader = unsafe PerfRingReader(base)
  }

  deinit {
    unsafe base.deallocate()
  }

  private var page: UnsafeMutablePointer<perf_event_mmap_page> {
    unsafe base.assumingMemoryBound(to: perf_event_mmap_page.self)
  }

  var tail: UInt64 { unsafe page.pointee.data_tail }
  var room: Int { size - Int(head &- tail) }

  /// Writes a record, if there is room for it.
  func write(_ record: [UInt8]) -> Bool {
    guard record.count <= room else { return false }
    for byte in record {
      unsafe base.storeBytes(of: byte, toByteOffset: Self.pageSize + Int(head % UInt64(size)), as: UInt8.self)
      head &+= 1
    }
    unsafe page.pointee.data_head = head
    return true
  }

  /// What the reader hands over now.
  func drain() -> [[UInt8]] {
    var records: [[UInt8]] = []
    reader.drain { bytes in
      records.append(
        (0..<bytes.byteCount).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
    }
    return records
  }
}

/// Records as the kernel lays them out.
enum Records {
  /// A header, and what is behind it.
  static func record(type: UInt32, _ body: [UInt8], size: Int? = nil) -> [UInt8] {
    bytes(UInt64(type), 4) + [0, 0] + bytes(UInt64(size ?? (8 + body.count)), 2) + body
  }

  /// A sample of an event, filled up as the kernel does so that records are multiples of 8.
  static func sample(_ event: UInt64, _ data: [UInt8]) -> [UInt8] {
    let padding = (8 - (data.count + 4) % 8) % 8
    let filled = data + Array(repeating: 0, count: padding)
    return record(
      type: PERF_RECORD_SAMPLE.rawValue, bytes(event, 8) + bytes(UInt64(filled.count), 4) + filled)
  }

  static func lost(_ count: UInt64) -> [UInt8] {
    record(type: PERF_RECORD_LOST.rawValue, bytes(1, 8) + bytes(count, 8))
  }

  /// Little endian.
  static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }
}
