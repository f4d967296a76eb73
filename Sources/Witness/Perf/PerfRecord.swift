import CLinux

/// A record of a perf ring, as far as counting needs it (perf_event_open(2), section MMAP layout).
public enum PerfRecord: Equatable, Sendable {
  /// An event happened: which one, and where in the record the tracepoint's data lies.
  case sample(event: UInt64, data: Range<Int>)
  /// So many records found no room in the ring, or were dropped for another reason.
  case lost(UInt64)
  /// Of a type that says nothing about counts: throttling, names, forks and what later kernels add.
  case other(type: UInt32)
  /// Too short for its type.
  case malformed

  /// Bytes in front of every record: type, misc, and the record's size.
  public static let headerSize = 8

  /// Reads a whole record, header included.
  @inline(__always)
  public init(_ bytes: RawSpan) {
    guard bytes.byteCount >= Self.headerSize else {
      self = .malformed
      return
    }
    let type = unsafe bytes.unsafeLoadUnaligned(as: UInt32.self)
    switch type {
    case PERF_RECORD_SAMPLE.rawValue: self = Self.sample(bytes)
    // Behind the header: for LOST the event and the count, for LOST_SAMPLES the count.
    case PERF_RECORD_LOST.rawValue: self = Self.word(bytes, at: 16).map(PerfRecord.lost) ?? .malformed
    case PERF_RECORD_LOST_SAMPLES.rawValue: self = Self.word(bytes, at: 8).map(PerfRecord.lost) ?? .malformed
    default: self = .other(type: type)
    }
  }

  /// With PERF_SAMPLE_IDENTIFIER and PERF_SAMPLE_RAW: the event's identifier, the data's size in 32 bits, the data.
  private static func sample(_ bytes: RawSpan) -> PerfRecord {
    let start = headerSize + 12
    guard bytes.byteCount >= start, let event = word(bytes, at: 8) else { return .malformed }
    let size = Int(unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt32.self))
    guard size <= bytes.byteCount - start else { return .malformed }
    return .sample(event: event, data: start..<(start + size))
  }

  private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64? {
    guard offset + 8 <= bytes.byteCount else { return nil }
    return unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }
}
