import VMM

/// Where the address fields of a Multiboot header put an image (section 3.1.3): the a.out kludge.
struct AddressFields: Equatable {
  /// Of the first byte to load, in the file.
  let offset: UInt64
  let loadAddress: GuestAddress
  let fileSize: UInt64
  /// With bss, at least `fileSize`.
  let memorySize: UInt64
  let entry: GuestAddress

  init(of header: MultibootHeader, in bytes: MemoryView) throws(LoadProblem) {
    guard header.offset + 32 <= MultibootHeader.searched else {
      throw .bad("the header reaches beyond the first 8192 bytes")
    }
    let fields = try bytes.part("the Multiboot header", at: UInt64(header.offset) + 12, count: 20)
    func field(_ number: Int) -> UInt64 { UInt64(fields.load(UInt32.self, at: number * 4)) }
    let (headerAddress, load, loadEnd, bssEnd) = (field(0), field(1), field(2), field(3))

    let position = UInt64(header.offset)
    guard load <= headerAddress, headerAddress - load <= position else {
      throw .bad(
        """
        with header_addr \(hex(headerAddress)) the header at byte \(hex(position)) \
        is not in what load_addr \(hex(load)) begins
        """)
    }
    offset = position - (headerAddress - load)
    guard loadEnd == 0 || loadEnd > load else {
      throw .bad("load_end_addr \(hex(loadEnd)) is not above load_addr \(hex(load))")
    }
    // Zero stands for the rest of the file, and for no bss.
    fileSize = loadEnd == 0 ? UInt64(bytes.count) - offset : loadEnd - load
    let dataEnd = load + fileSize
    guard bssEnd == 0 || bssEnd >= dataEnd else {
      throw .bad("bss_end_addr \(hex(bssEnd)) is below the end of the data, \(hex(dataEnd))")
    }
    memorySize = bssEnd == 0 ? fileSize : bssEnd - load
    loadAddress = load
    entry = field(4)
  }
}

extension LoadProblem {
  fileprivate static func bad(_ what: String) -> LoadProblem { .multiboot(.badAddressFields(what)) }
}
