import VMM

/// What of an image goes where, and where it begins: all that is left of its format.
struct Program: Sendable {
  let segments: [Segment]
  /// Physical address of the first instruction.
  let entry: GuestAddress

  /// A flat binary is one segment, entered at its first byte.
  init(flat bytes: MemoryView, at entry: FlatEntry) throws(LoadProblem) {
    segments = [Segment("the image", bytes, at: entry.address, size: UInt64(bytes.count))]
    self.entry = entry.address
    try segments.checkPlacement()
  }

  /// The a.out kludge: one segment, where the Multiboot header says.
  init(_ fields: AddressFields, in bytes: MemoryView) throws(LoadProblem) {
    let content = try bytes.part("the image (load_end_addr)", at: fields.offset, count: fields.fileSize)
    segments = [Segment("the image", content, at: fields.loadAddress, size: fields.memorySize)]
    entry = fields.entry
    try segments.checkPlacement()
    guard entry >= fields.loadAddress, entry - fields.loadAddress < fields.fileSize else {
      throw .entry(.outside(entry))
    }
  }

  /// The PT_LOAD segments of an ELF file, at their physical addresses (gABI chapter 5, Program Header).
  ///
  /// - Parameter physicalEntry: where it is entered, unless that is e_entry.
  init(
    _ table: [ProgramHeader], entry virtualEntry: UInt64, physicalEntry: GuestAddress? = nil,
    in bytes: MemoryView
  ) throws(LoadProblem) {
    if table.contains(where: { $0.type == ProgramHeader.interpreter }) { throw .elf(.needsInterpreter) }
    let loads = table.filter { $0.type == ProgramHeader.load && $0.memorySize > 0 }
    guard !loads.isEmpty else { throw .elf(.noSegment) }
    var segments: [Segment] = []
    for load in loads {
      guard load.fileSize <= load.memorySize else {
        throw .elf(.broken("\(load.label) is longer in the file than in memory"))
      }
      guard !load.physicalAddress.addingReportingOverflow(load.memorySize).overflow else {
        throw .placement(.addressOverflow(load.label, load.physicalAddress, size: load.memorySize))
      }
      segments.append(
        Segment(load.label, try load.content(in: bytes), at: load.physicalAddress, size: load.memorySize))
    }
    try segments.checkPlacement()
    self.segments = segments
    let found =
      if let physicalEntry { loads.holds(physicalEntry) ? physicalEntry : nil } else {
        loads.physical(virtualEntry)
      }
    guard let entry = found else { throw .entry(.outside(physicalEntry ?? virtualEntry)) }
    guard entry < 0x1_0000_0000 else { throw .entry(.above4GiB(entry)) }
    self.entry = entry
  }
}

extension [ProgramHeader] {
  /// Where the instruction at `entry` lies in memory. Paging is off or one to one when the image is entered,
  /// so an image linked high is entered at the physical address of its entry. Some (Linux) give that address
  /// itself in e_entry. An entry in bss is none: it would run zeros.
  func physical(_ entry: UInt64) -> GuestAddress? {
    for header in self where entry &- header.virtualAddress < header.fileSize {
      return header.physicalAddress + (entry &- header.virtualAddress)
    }
    return holds(entry) ? entry : nil
  }

  /// Whether the file has a byte for `address`.
  func holds(_ address: GuestAddress) -> Bool {
    contains { address &- $0.physicalAddress < $0.fileSize }
  }
}
