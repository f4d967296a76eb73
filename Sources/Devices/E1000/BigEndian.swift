import VMM

/// Numbers in the byte order of the wire.
extension MemoryView {
  func loadBigEndian<T: GuestInteger>(_ type: T.Type = T.self, at offset: Int) -> T {
    load(T.self, at: offset).byteSwapped
  }

  func storeBigEndian<T: GuestInteger>(_ value: T, at offset: Int) {
    store(value.byteSwapped, at: offset)
  }
}
