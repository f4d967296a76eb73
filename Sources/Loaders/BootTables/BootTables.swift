import VMM

/// What lies in guest memory beside the image when it is entered, and where:
///
/// | address | content | for |
/// | --- | --- | --- |
/// | 0x80000 | PML4, page directory pointer table, four page directories: a page each | long mode |
/// | 0x86000 | global descriptor table | protected and long mode |
/// | 0x86020 | Multiboot information structure, or PVH's start information | both |
/// | 0x860a0 | memory map, at most four entries | both |
/// | 0x86100 | module list, then strings: command line, loader's name, modules' | both |
///
/// Everything but the page tables fits one page as long as the strings do: fewer pages that a guest's start
/// touches are fewer EPT violations to count.
enum BootTables {
  /// The range that no image may occupy.
  static let region: Range<GuestAddress> = 0x80000..<0x9fc00
  static let pageTables: GuestAddress = 0x80000
  static let descriptors: GuestAddress = 0x86000
  static let information: GuestAddress = 0x86020
  static let memoryMap: GuestAddress = 0x860a0
  static let moduleList: GuestAddress = 0x86100

  /// Writes the tables that `mode` needs; `memory` is fresh.
  static func write(
    _ information: some BootInformation, to memory: GuestMemory, entering entry: GuestAddress,
    in mode: EntryState.Mode
  ) -> EntryState {
    var state = EntryState(mode, at: entry)
    information.write(to: memory)
    state.rax = type(of: information).magic
    state.rbx = Self.information
    state.descriptorTable = writeDescriptors(to: memory, mode)
    if mode == .long {
      writePageTables(to: memory)
      state.pageTables = pageTables
      // Down from the tables; in protected mode ESP is the image's own affair (section 3.2).
      state.stackPointer = region.lowerBound
    }
    return state
  }
}

/// What the guest is told, checked to fit and ready to be written to the places of ``BootTables``.
protocol BootInformation {
  /// What EAX holds when an image is entered; EBX has the address of ``BootTables/information``.
  static var magic: UInt64 { get }

  func write(to memory: GuestMemory)
}
