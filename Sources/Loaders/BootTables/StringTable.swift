import VMM

/// The strings behind the module list, one behind the other, each ended by a zero.
struct StringTable {
  private let memory: GuestMemory
  private var end: GuestAddress

  /// - Parameter listSize: length of the module list in bytes.
  init(_ memory: GuestMemory, behind listSize: Int) {
    self.memory = memory
    end = BootTables.moduleList + UInt64(listSize)
  }

  /// Checks that there is room for `texts`.
  ///
  /// - Throws: ``PlacementProblem/stringsTooLong(_:room:)``.
  static func checkRoom(for texts: [String], behind listSize: Int) throws(LoadProblem) {
    let room = BootTables.region.upperBound - BootTables.moduleList
    let need = texts.reduce(UInt64(listSize)) { $0 + UInt64($1.utf8.count + 1) }
    guard need <= room else { throw .placement(.stringsTooLong(need, room: room)) }
  }

  /// The address of `text`, in the 32 bits that there are for it.
  mutating func add(_ text: String) -> UInt32 {
    let bytes = Array(text.utf8) + [0]
    memory.view(at: end, count: bytes.count)!.copy(from: bytes)
    defer { end += UInt64(bytes.count) }
    return UInt32(end)
  }
}
