import VMM

/// `struct hvm_start_info` of the PVH boot protocol and what it points to (Xen, public/arch-x86/hvm/start_info.h).
struct PVHInformation: BootInformation {
  /// EAX has no meaning (Xen, docs/misc/pvh.pandoc).
  static let magic: UInt64 = 0
  /// "xEn3", XEN_HVM_START_MAGIC_VALUE.
  private static let startMagic: UInt32 = 0x336e_c578
  /// The first version with a memory map.
  private static let version: UInt32 = 1
  /// Lengths of the structure, an `hvm_modlist_entry` and an `hvm_memmap_table_entry`.
  private static let size = 56
  private static let moduleSize = 32
  private static let areaSize = 24

  private let content: BootContent

  /// - Throws: ``PlacementProblem/stringsTooLong(_:room:)``.
  init(_ content: BootContent) throws(LoadProblem) {
    self.content = content
    try StringTable.checkRoom(
      for: [content.commandLine] + content.modules.map(\.text),
      behind: Self.moduleSize * content.modules.count)
  }

  /// Writes the structure, the memory map, the module list and the strings. There are no ACPI tables.
  func write(to memory: GuestMemory) {
    var strings = StringTable(memory, behind: Self.moduleSize * content.modules.count)
    let structure = memory.view(at: BootTables.information, count: Self.size)!
    structure.store(Self.startMagic, at: 0)
    structure.store(Self.version, at: 4)
    structure.store(UInt64(strings.add(content.commandLine)), at: 24)
    if !content.modules.isEmpty {
      structure.store(UInt32(content.modules.count), at: 12)
      structure.store(BootTables.moduleList, at: 16)
      writeModules(to: memory, &strings)
    }
    structure.store(BootTables.memoryMap, at: 40)
    structure.store(UInt32(writeMemoryMap(to: memory)), at: 48)
  }

  private func writeModules(to memory: GuestMemory, _ strings: inout StringTable) {
    let list = memory.view(at: BootTables.moduleList, count: Self.moduleSize * content.modules.count)!
    for (index, module) in content.modules.enumerated() {
      let entry = Self.moduleSize * index
      list.store(module.range.lowerBound, at: entry)
      list.store(module.range.upperBound - module.range.lowerBound, at: entry + 8)
      list.store(UInt64(strings.add(module.text)), at: entry + 16)
    }
  }

  /// Number of entries of the memory map, whose types are those of E820.
  private func writeMemoryMap(to memory: GuestMemory) -> Int {
    let areas = MemoryMap.areas(ofMemory: content.memorySize)
    let map = memory.view(at: BootTables.memoryMap, count: Self.areaSize * areas.count)!
    for (index, area) in areas.enumerated() {
      let entry = Self.areaSize * index
      map.store(area.range.lowerBound, at: entry)
      map.store(area.range.upperBound - area.range.lowerBound, at: entry + 8)
      map.store(UInt32(area.isAvailable ? 1 : 2), at: entry + 16)
    }
    return areas.count
  }
}
