/// Numbers in the byte order of the wire.
extension MemoryView {
  /// Reads as ``load(_:at:)`` does.
  @inlinable
  package func loadBigEndian<T: GuestInteger>(_ type: T.Type = T.self, at offset: Int) -> T {
    load(T.self, at: offset).byteSwapped
  }

  /// Writes as ``store(_:at:)`` does.
  @inlinable
  package func storeBigEndian<T: GuestInteger>(_ value: T, at offset: Int) {
    store(value.byteSwapped, at: offset)
  }
}
