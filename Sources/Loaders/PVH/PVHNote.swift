import VMM

/// The note by which an ELF file says where it is entered in protected mode (Xen, public/elfnote.h).
enum PVHNote {
  /// XEN_ELFNOTE_PHYS32_ENTRY
  private static let physicalEntry: UInt32 = 18

  /// The physical address in the note, nil where there is none.
  ///
  /// - Throws: ``ELFProblem/broken(_:)`` for a note that holds no address.
  static func entry(in table: [ProgramHeader], of image: MemoryView) throws(LoadProblem) -> GuestAddress? {
    for header in table where header.type == ProgramHeader.note {
      var notes = try NoteReader(header, in: image)
      while let note = try notes.next(of: "Xen") {
        guard note.type == physicalEntry else { continue }
        // Four bytes, or as many as an address of the file has.
        switch note.descriptor.count {
        case 4: return UInt64(note.descriptor.load(UInt32.self, at: 0))
        case 8: return note.descriptor.load(UInt64.self, at: 0)
        default:
          throw .elf(.broken("its PHYS32_ENTRY note has \(note.descriptor.count) bytes, neither 4 nor 8"))
        }
      }
    }
    return nil
  }
}
