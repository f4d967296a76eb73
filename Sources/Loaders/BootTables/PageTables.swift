import VMM

extension BootTables {
  /// Maps the first 4 GiB one to one in pages of 2 MiB (SDM volume 3, section 4.5), for kernel and user,
  /// writable, executable.
  ///
  /// Accessed and dirty flags are set beforehand (section 4.8). A processor that finds them clear writes to
  /// the tables, and a host that shadows them takes an exit for the first write to each page.
  static func writePageTables(to memory: GuestMemory) {
    let present: UInt64 = 1 << 0
    let writable: UInt64 = 1 << 1
    let user: UInt64 = 1 << 2
    let accessed: UInt64 = 1 << 5
    let dirty: UInt64 = 1 << 6
    let large: UInt64 = 1 << 7  // PS
    let pageSize: UInt64 = 0x1000
    let table = present | writable | user | accessed

    let pointers = pageTables + pageSize
    let directories = pointers + pageSize
    let view = memory.view(at: pageTables, count: Int(directories + 4 * pageSize - pageTables))!
    view.store(pointers | table, at: 0)
    for index in 0..<4 {
      view.store((directories + UInt64(index) * pageSize) | table, at: Int(pageSize) + 8 * index)
    }
    for index in 0..<2048 {
      view.store(UInt64(index) << 21 | table | dirty | large, at: 2 * Int(pageSize) + 8 * index)
    }
  }
}
