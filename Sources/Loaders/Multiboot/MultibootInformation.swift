import VMM

/// The Multiboot information structure and what it points to (Multiboot 0.6.96, section 3.3), checked to fit
/// and ready to be written.
struct MultibootInformation: BootInformation {
  /// Section 3.2.
  static let magic: UInt64 = 0x2bad_b002
  private static let loaderName = "swiftvmm"
  private let content: BootContent

  /// - Throws: ``PlacementProblem/stringsTooLong(_:room:)``.
  init(_ content: BootContent) throws(LoadProblem) {
    self.content = content
    try StringTable.checkRoom(
      for: [content.commandLine, Self.loaderName] + content.modules.map(\.text),
      behind: Self.moduleSize * content.modules.count)
  }

  /// Length of an entry of the module list.
  private static let moduleSize = 16
  /// Length of an entry of the memory map, with its first field.
  private static let areaSize = 24

  /// Writes the structure, the memory map, the module list and the strings.
  func write(to memory: GuestMemory) {
    var strings = StringTable(memory, behind: Self.moduleSize * content.modules.count)
    let structure = memory.view(at: BootTables.information, count: 116)!
    var flags: UInt32 = 1 << 0 | 1 << 2 | 1 << 6 | 1 << 9

    // Flag 0: KiB from 0, 640 at most, and from 1 MiB to the first hole.
    structure.store(UInt32(MemoryMap.conventionalEnd / 1024), at: 4)
    structure.store(UInt32((min(content.memorySize, GuestMemory.hole.lowerBound) - (1 << 20)) / 1024), at: 8)
    // Flag 2.
    structure.store(strings.add(content.commandLine), at: 16)
    // Flag 3.
    if !content.modules.isEmpty {
      flags |= 1 << 3
      structure.store(UInt32(content.modules.count), at: 20)
      structure.store(UInt32(BootTables.moduleList), at: 24)
      writeModules(to: memory, &strings)
    }
    // Flag 6.
    structure.store(UInt32(writeMemoryMap(to: memory)), at: 44)
    structure.store(UInt32(BootTables.memoryMap), at: 48)
    // Flag 9.
    structure.store(strings.add(Self.loaderName), at: 64)

    structure.store(flags, at: 0)
  }

  private func writeModules(to memory: GuestMemory, _ strings: inout StringTable) {
    let list = memory.view(at: BootTables.moduleList, count: Self.moduleSize * content.modules.count)!
    for (index, module) in content.modules.enumerated() {
      let entry = Self.moduleSize * index
      list.store(UInt32(module.range.lowerBound), at: entry)
      list.store(UInt32(module.range.upperBound), at: entry + 4)
      list.store(strings.add(module.text), at: entry + 8)
    }
  }

  /// Length of the memory map in bytes.
  private func writeMemoryMap(to memory: GuestMemory) -> Int {
    let areas = MemoryMap.areas(ofMemory: content.memorySize)
    let map = memory.view(at: BootTables.memoryMap, count: Self.areaSize * areas.count)!
    for (index, area) in areas.enumerated() {
      let entry = Self.areaSize * index
      // The size of an entry does not count the field that gives it.
      map.store(UInt32(Self.areaSize - 4), at: entry)
      map.store(area.range.lowerBound, at: entry + 4)
      map.store(area.range.upperBound - area.range.lowerBound, at: entry + 12)
      map.store(UInt32(area.isAvailable ? 1 : 2), at: entry + 20)
    }
    return map.count
  }
}
