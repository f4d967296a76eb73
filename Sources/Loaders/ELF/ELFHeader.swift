import VMM

/// The header of an ELF file, of either class (gABI chapter 4, ELF Header).
struct ELFHeader {
  /// EI_CLASS, with the layout that follows from it.
  enum FileClass: UInt8 {
    case bits32 = 1
    case bits64 = 2

    /// Length of the header.
    var headerSize: Int { self == .bits64 ? 64 : 52 }
    /// Length of an entry of the program header table, at least.
    var programHeaderSize: Int { self == .bits64 ? 56 : 32 }

    /// Reads an address, offset or size of this class.
    func word(_ bytes: MemoryView, at offset: Int) -> UInt64 {
      self == .bits64 ? bytes.load(UInt64.self, at: offset) : UInt64(bytes.load(UInt32.self, at: offset))
    }
  }

  let fileClass: FileClass
  let isLittleEndian: Bool
  let type: UInt16
  let machine: ELFMachine
  /// Virtual address of the first instruction.
  let entry: UInt64
  private let tableOffset: UInt64
  private let tableEntrySize: Int
  private let tableCount: Int

  /// The class of the ELF file in `bytes`, nil where they are not an ELF file.
  static func fileClass(of bytes: MemoryView) throws(LoadProblem) -> FileClass? {
    guard bytes.count >= 4, bytes.load(UInt32.self, at: 0) == 0x464c_457f else { return nil }
    let identification = try bytes.part("the ELF header", at: 0, count: 16)
    guard let fileClass = FileClass(rawValue: identification.load(at: 4)) else {
      let value: UInt8 = identification.load(at: 4)
      throw .elf(.broken("EI_CLASS is \(value), neither 32-bit (1) nor 64-bit (2)"))
    }
    return fileClass
  }

  init(_ bytes: MemoryView, _ fileClass: FileClass) throws(LoadProblem) {
    let header = try bytes.part("the ELF header", at: 0, count: UInt64(fileClass.headerSize))
    let isLittleEndian = header.load(UInt8.self, at: 5) != 2
    func half(_ offset: Int) -> UInt16 {
      let value: UInt16 = header.load(at: offset)
      return isLittleEndian ? value : value.byteSwapped
    }
    self.fileClass = fileClass
    self.isLittleEndian = isLittleEndian
    type = half(16)
    machine = ELFMachine(rawValue: half(18))
    entry = fileClass.word(header, at: 24)
    // Three words (e_entry, e_phoff, e_shoff) and e_flags stand before e_ehsize.
    let word = fileClass == .bits64 ? 8 : 4
    tableOffset = fileClass.word(header, at: 24 + word)
    let sizes = 24 + 3 * word + 4
    tableEntrySize = Int(half(sizes + 2))
    tableCount = Int(half(sizes + 4))
  }

  /// Checks that the file is a program of this `machine`, linked to fixed addresses.
  func checkExecutable(machine expected: ELFMachine) throws(LoadProblem) {
    guard machine == expected else { throw .elf(.otherMachine(machine, expected: expected)) }
    guard isLittleEndian else { throw .elf(.broken("its data encoding is big-endian, which no x86 is")) }
    guard type == 2 else { throw .elf(.notExecutable(type: type)) }
  }

  /// The program header table.
  ///
  /// 64 KiB of it are the most: what Linux takes, and a bound on the work that a file can ask for.
  func programHeaders(in bytes: MemoryView) throws(LoadProblem) -> [ProgramHeader] {
    guard tableCount > 0 else { return [] }
    guard tableEntrySize >= fileClass.programHeaderSize else {
      throw .elf(.broken("e_phentsize is \(tableEntrySize), less than a program header"))
    }
    guard tableCount * tableEntrySize <= 1 << 16 else {
      throw .elf(.broken("its program header table is longer than 64 KiB"))
    }
    let table = try bytes.part(
      "the program header table", at: tableOffset, count: UInt64(tableCount * tableEntrySize))
    return (0..<tableCount).map { ProgramHeader($0, fileClass, table, at: $0 * tableEntrySize) }
  }

  /// The program headers of a file that is loaded by other means, none where it is not ELF or broken.
  static func readableTable(in bytes: MemoryView) -> [ProgramHeader] {
    guard let fileClass = try? fileClass(of: bytes) else { return [] }
    return (try? ELFHeader(bytes, fileClass).programHeaders(in: bytes)) ?? []
  }
}
