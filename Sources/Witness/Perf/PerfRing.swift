import CLinux
import KVM

/// The ring in which the kernel leaves the records of an event, and of those that are redirected to it. Owns its mapping.
///
/// The kernel writes and moves the head; the reader moves the tail behind what it has read. Where no room is left the
/// kernel drops records and says so in a later one.
public struct PerfRing: ~Copyable {
  private let base: Int
  private let length: Int
  private var reader: PerfRingReader

  private static let pageSize = 4096

  /// Maps the ring of an event.
  ///
  /// - Parameter pages: of 4 KiB, a power of two. Where the user may not lock that many, the ring is smaller.
  init(of event: borrowing PerfEvent, pages: Int) throws(KVMError) {
    var pages = pages
    var address = Self.map(event, pages)
    while address == -Int(EPERM), pages > 1 {
      pages /= 2
      address = Self.map(event, pages)
    }
    guard address >= 0 else {
      throw KVMError(
        "mmap of a perf ring", errno: Int32(-address),
        advice: "raise kernel.perf_event_mlock_kb, or run as root")
    }
    base = address
    length = (pages + 1) * Self.pageSize
    reader = unsafe PerfRingReader(UnsafeMutableRawPointer(bitPattern: address)!)
  }

  deinit {
    unsafe munmap(UnsafeMutableRawPointer(bitPattern: base), length)
  }

  private static func map(_ event: borrowing PerfEvent, _ pages: Int) -> Int {
    linux_map_descriptor(event.number, (pages + 1) * pageSize, PROT_READ | PROT_WRITE)
  }

  /// Hands over every record that is there now, oldest first, and gives its room back to the kernel.
  mutating func drain(_ body: (RawSpan) -> Void) {
    reader.drain(body)
  }
}

/// Reads the records in a perf ring: the control page, and behind it the data, a power of two in size
/// (perf_event_open(2), section MMAP layout).
@safe
struct PerfRingReader {
  private let page: UnsafeMutablePointer<perf_event_mmap_page>
  private let data: UnsafeRawPointer
  private let size: Int
  /// A record that goes round the end of the data, in one piece.
  private var scratch: [UInt8] = []

  /// - Parameter ring: its control page, which outlives the reader, as do the data that the page tells of.
  @unsafe
  init(_ ring: UnsafeMutableRawPointer) {
    unsafe page = ring.assumingMemoryBound(to: perf_event_mmap_page.self)
    unsafe data = UnsafeRawPointer(ring + Int(page.pointee.data_offset))
    size = Int(unsafe page.pointee.data_size)
    precondition(size > 0 && size & (size - 1) == 0, "the kernel makes rings of a power of two")
  }

  /// Hands over every record between tail and head. What the kernel adds meanwhile waits for the next time, so that a
  /// busy thread cannot keep the reader here.
  mutating func drain(_ body: (RawSpan) -> Void) {
    let head = unsafe linux_perf_head(page)
    var tail = unsafe page.pointee.data_tail
    while head &- tail >= UInt64(PerfRecord.headerSize) {
      let start = Int(tail & UInt64(size - 1))
      let count = recordSize(at: start)
      // Never by this kernel; but a size of 0 would have no end, and one beyond the head is no record.
      guard count >= PerfRecord.headerSize, count <= min(head &- tail, UInt64(size)) else { break }
      hand(start, count, to: body)
      tail &+= UInt64(count)
    }
    unsafe linux_perf_set_tail(page, head)
  }

  /// The field `size` of a record's header, in its bytes 6 and 7.
  private func recordSize(at start: Int) -> Int {
    let mask = size - 1
    let low = unsafe data.load(fromByteOffset: (start + 6) & mask, as: UInt8.self)
    let high = unsafe data.load(fromByteOffset: (start + 7) & mask, as: UInt8.self)
    return Int(low) | Int(high) << 8
  }

  private mutating func hand(_ start: Int, _ count: Int, to body: (RawSpan) -> Void) {
    if start + count <= size {
      let record = unsafe RawSpan(_unsafeStart: data + start, byteCount: count)
      body(record)
    } else {
      let first = size - start
      scratch.removeAll(keepingCapacity: true)
      unsafe scratch.append(contentsOf: UnsafeRawBufferPointer(start: data + start, count: first))
      unsafe scratch.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count - first))
      unsafe body(scratch.span.bytes)
    }
  }
}
