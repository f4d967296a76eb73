import VMM

/// What a driver did to a queue that the specification forbids, with the numbers that show it.
///
/// A device that meets one of these stops (``VirtioDevice/work(on:_:)``): nothing in a ring can be trusted after.
public indirect enum QueueError: Error, Equatable, Sendable {
  /// The three parts of a split queue, by their names in the registers (virtio 1.2, section 2.6).
  public enum Area: String, Sendable {
    case descriptor
    case driver
    case device
  }

  /// Not a power of two, or above the maximum (section 2.7).
  case badSize(UInt32, maximum: UInt16)
  /// An address that is not a multiple of what its area needs (section 2.7.1).
  case misaligned(Area, at: GuestAddress, alignment: GuestAddress)
  /// An area that does not lie in guest memory from end to end.
  case areaOutsideMemory(Area, at: GuestAddress, count: Int)
  /// The available index went backwards, or further than the queue has room for (sections 2.7.6.1, 2.7.13).
  case availableIndexJumped(from: UInt16, to: UInt16, size: UInt16)
  /// A head or a `next` at or above the queue size.
  case descriptorOutOfRange(UInt16, size: UInt16)
  /// More descriptors than the queue has: a loop (sections 2.7.5.2, 2.7.5.3.1).
  case chainTooLong(head: UInt16, size: UInt16)
  /// More than 2^32 bytes in one chain (section 2.7.5.2).
  case chainTooLarge(head: UInt16, bytes: Int)
  /// A buffer of no bytes.
  case emptyBuffer(descriptor: UInt16)
  /// A buffer that does not lie in guest memory from end to end.
  case bufferOutsideMemory(descriptor: UInt16, at: GuestAddress, count: UInt32)
  /// A device-readable buffer behind a device-writable one (section 2.7.4.2).
  case readableAfterWritable(descriptor: UInt16)
  /// An indirect table, though VIRTIO_F_INDIRECT_DESC was not negotiated (section 2.7.5.3.1).
  case indirectNotNegotiated(descriptor: UInt16)
  /// An indirect table that the chain goes on behind (section 2.7.5.3.1).
  case indirectWithNext(descriptor: UInt16)
  /// An indirect table that is not a number of whole descriptors, at least one (section 2.7.5.3.1).
  case badTableLength(descriptor: UInt16, UInt32)
  /// A `next` at or above the number of entries of an indirect table.
  case entryOutOfRange(UInt16, count: Int)
  /// An indirect table in an indirect table (section 2.7.5.3.1).
  case nestedTable(entry: UInt16)
  /// What is wrong in the indirect table that `descriptor` stands for; descriptors are entries of that.
  case inTable(descriptor: UInt16, QueueError)
  /// A device-readable buffer in a queue that takes device-writable ones alone.
  case readableBuffer(head: UInt16)
}

extension QueueError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .badSize(let size, let maximum):
      "size \(size) is not a power of two up to \(maximum)"
    case .misaligned(let area, let address, let alignment):
      "\(area.rawValue) area at \(hex(address)) is not aligned to \(alignment)"
    case .areaOutsideMemory(let area, let address, let count):
      "\(area.rawValue) area of \(count) bytes at \(hex(address)) is not in guest memory"
    case .availableIndexJumped(let old, let new, let size):
      "available index went from \(old) to \(new) in a queue of \(size)"
    case .descriptorOutOfRange(let index, let size):
      "descriptor \(index) in a queue of \(size)"
    case .chainTooLong(let head, let size):
      "chain at descriptor \(head) has more than \(size) descriptors"
    case .chainTooLarge(let head, let bytes):
      "chain at descriptor \(head) has \(bytes) bytes or more"
    case .emptyBuffer(let descriptor):
      "descriptor \(descriptor) has no bytes"
    case .bufferOutsideMemory(let descriptor, let address, let count):
      "descriptor \(descriptor): \(count) bytes at \(hex(address)) are not in guest memory"
    case .readableAfterWritable(let descriptor):
      "descriptor \(descriptor) is readable behind a writable one"
    case .indirectNotNegotiated(let descriptor):
      "descriptor \(descriptor) is an indirect table, which was not negotiated"
    case .indirectWithNext(let descriptor):
      "descriptor \(descriptor) is an indirect table and has a next one"
    case .badTableLength(let descriptor, let bytes):
      "descriptor \(descriptor) is an indirect table of \(bytes) bytes, which is no multiple of 16 above 0"
    case .entryOutOfRange(let index, let count):
      "entry \(index) in a table of \(count)"
    case .nestedTable(let entry):
      "entry \(entry) is an indirect table again"
    case .inTable(let descriptor, let error):
      "\(error), in the indirect table of descriptor \(descriptor)"
    case .readableBuffer(let head):
      "chain at descriptor \(head) has a readable buffer in a queue for writable ones"
    }
  }
}
