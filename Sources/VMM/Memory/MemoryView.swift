import CGuestMemory

/// A checked view of bytes that somebody else may change meanwhile: guest memory, or a buffer of the VMM.
///
/// Every access is inside the view or stops the program: whoever takes an offset or a length from a guest
/// checks it first, and ``slice(_:_:)`` is the check. Values are little endian, as everything that x86
/// guests share with devices is. A view does not keep its memory alive; its owner does
/// (``GuestMemory``, ``HostBuffer``).
@frozen @safe
public struct MemoryView: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutableRawPointer
  /// Length in bytes.
  public let count: Int

  /// The `count` bytes at `base`, which outlive the view.
  @inlinable @unsafe
  public init(base: UnsafeMutableRawPointer, count: Int) {
    unsafe self.base = unsafe base
    self.count = count
  }

  /// The bytes from `offset`, `length` of them, or nil where they do not lie within the view.
  @inlinable
  public func slice(_ offset: Int, _ length: Int) -> MemoryView? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return unsafe MemoryView(base: base + offset, count: length)
  }

  /// Reads an unsigned integer at any alignment, with one access of the machine.
  @inlinable
  public func load<T: GuestInteger>(_ type: T.Type = T.self, at offset: Int) -> T {
    unsafe T.load(address(offset, MemoryLayout<T>.size))
  }

  /// Writes an unsigned integer at any alignment, with one access of the machine.
  @inlinable
  public func store<T: GuestInteger>(_ value: T, at offset: Int) {
    unsafe value.store(address(offset, MemoryLayout<T>.size))
  }

  /// Reads an aligned index; what its writer stored before it is visible afterwards.
  @inlinable
  public func loadAcquire(at offset: Int) -> UInt16 {
    unsafe guest_load16_acquire(address(offset, 2))
  }

  /// Writes an aligned index after everything that was stored before it.
  @inlinable
  public func storeRelease(_ value: UInt16, at offset: Int) {
    unsafe guest_store16_release(address(offset, 2), value)
  }

  /// Writes a status byte after everything that was stored before it.
  @inlinable
  public func storeRelease(_ value: UInt8, at offset: Int) {
    unsafe guest_store8_release(address(offset, 1), value)
  }

  /// Copies all of `source` to `offset`. The two may overlap.
  @inlinable
  public func copy(from source: MemoryView, at offset: Int = 0) {
    unsafe address(offset, source.count).copyMemory(from: source.base, byteCount: source.count)
  }

  /// Copies `bytes` to `offset`.
  public func copy(from bytes: RawSpan, at offset: Int = 0) {
    let target = unsafe address(offset, bytes.byteCount)
    unsafe bytes.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      unsafe target.copyMemory(from: start, byteCount: source.count)
    }
  }

  /// Copies `bytes` to `offset`.
  public func copy(from bytes: [UInt8], at offset: Int = 0) {
    unsafe copy(from: bytes.span.bytes, at: offset)
  }

  /// Writes zeros over the whole view.
  public func clear() {
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  /// A copy of the bytes, for reports and tests.
  public var bytes: [UInt8] {
    unsafe [UInt8](UnsafeRawBufferPointer(start: base, count: count))
  }

  /// The memory itself, for system calls that read or write it during `body`.
  @unsafe
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(UnsafeMutableRawBufferPointer(start: base, count: count))
  }

  @inlinable @unsafe
  func address(_ offset: Int, _ length: Int) -> UnsafeMutableRawPointer {
    precondition(offset >= 0 && offset <= count && length <= count - offset, "outside the view")
    return unsafe base + offset
  }
}

/// Orders publishing an index before reading what the other side asks for
/// (virtio 1.2, section 2.7.7.1).
@inlinable
public func memoryBarrier() {
  guest_fence()
}

/// The unsigned integers that ``MemoryView`` reads and writes with one access.
public protocol GuestInteger: FixedWidthInteger & UnsignedInteger & Sendable {
  @unsafe static func load(_ address: UnsafeRawPointer) -> Self
  @unsafe func store(_ address: UnsafeMutableRawPointer)
}

extension UInt8: GuestInteger {
  @inlinable @unsafe
  public static func load(_ address: UnsafeRawPointer) -> UInt8 { unsafe guest_load8(address) }
  @inlinable @unsafe
  public func store(_ address: UnsafeMutableRawPointer) { unsafe guest_store8(address, self) }
}

extension UInt16: GuestInteger {
  @inlinable @unsafe
  public static func load(_ address: UnsafeRawPointer) -> UInt16 { unsafe guest_load16(address) }
  @inlinable @unsafe
  public func store(_ address: UnsafeMutableRawPointer) { unsafe guest_store16(address, self) }
}

extension UInt32: GuestInteger {
  @inlinable @unsafe
  public static func load(_ address: UnsafeRawPointer) -> UInt32 { unsafe guest_load32(address) }
  @inlinable @unsafe
  public func store(_ address: UnsafeMutableRawPointer) { unsafe guest_store32(address, self) }
}

extension UInt64: GuestInteger {
  @inlinable @unsafe
  public static func load(_ address: UnsafeRawPointer) -> UInt64 { unsafe guest_load64(address) }
  @inlinable @unsafe
  public func store(_ address: UnsafeMutableRawPointer) { unsafe guest_store64(address, self) }
}
