import VMM

/// One entry of the program header table (gABI chapter 5, Program Header).
struct ProgramHeader {
  static let load: UInt32 = 1
  static let interpreter: UInt32 = 3
  static let note: UInt32 = 4

  let index: Int
  let type: UInt32
  let offset: UInt64
  let virtualAddress: UInt64
  let physicalAddress: UInt64
  let fileSize: UInt64
  let memorySize: UInt64
  let alignment: UInt64

  /// The entry at `offset` of `table`, which is all there.
  init(_ index: Int, _ fileClass: ELFHeader.FileClass, _ table: MemoryView, at offset: Int) {
    // p_flags moved up in class 64, so that the words behind it are aligned.
    let (first, word, alignment) = fileClass == .bits64 ? (8, 8, 48) : (4, 4, 28)
    func field(_ number: Int) -> UInt64 { fileClass.word(table, at: offset + first + number * word) }
    self.index = index
    type = table.load(at: offset)
    self.offset = field(0)
    virtualAddress = field(1)
    physicalAddress = field(2)
    fileSize = field(3)
    memorySize = field(4)
    self.alignment = fileClass.word(table, at: offset + alignment)
  }

  /// What errors call it.
  var label: String { "segment \(index)" }

  /// Its bytes in the file.
  func content(in bytes: MemoryView) throws(LoadProblem) -> MemoryView {
    // The offset of nothing means nothing.
    fileSize == 0 ? bytes.slice(0, 0)! : try bytes.part(label, at: offset, count: fileSize)
  }
}
