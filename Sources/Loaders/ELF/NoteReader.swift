import VMM

/// Walks the notes of a PT_NOTE segment (gABI chapter 5, Note Section).
struct NoteReader {
  /// One note whose owner was looked for.
  struct Note {
    let type: UInt32
    let descriptor: MemoryView
  }

  /// Far more than any note takes: a bound on the work that a file can ask for.
  private static let longest: UInt64 = 1 << 16

  private let bytes: MemoryView
  private let alignment: UInt64
  private var offset: UInt64 = 0

  init(_ header: ProgramHeader, in image: MemoryView) throws(LoadProblem) {
    let content = try header.content(in: image)
    bytes = content.slice(0, Int(min(Self.longest, UInt64(content.count))))!
    // Name and descriptor are padded to 4 bytes, and to 8 in segments that say so.
    alignment = header.alignment == 8 ? 8 : 4
  }

  /// The next note of `owner`, nil behind the last. Others' notes are not judged: where one makes no sense
  /// the walk ends.
  ///
  /// - Throws: ``ELFProblem/broken(_:)`` for a note of `owner` that reaches out of its segment.
  mutating func next(of owner: String) throws(LoadProblem) -> Note? {
    while let header = try? bytes.part("note", at: offset, count: 12) {
      let nameSize = UInt64(header.load(UInt32.self, at: 0))
      let descriptorSize = UInt64(header.load(UInt32.self, at: 4))
      // Sums of 32-bit values: no overflow.
      let descriptorOffset = padded(offset + 12 + nameSize)
      guard let name = try? bytes.part("note", at: offset + 12, count: nameSize) else { return nil }
      offset = padded(descriptorOffset + descriptorSize)
      if name.isString(owner) {
        guard let descriptor = bytes.slice(Int(descriptorOffset), Int(descriptorSize)) else {
          throw .elf(.broken("the \(owner) note reaches out of its segment"))
        }
        return Note(type: header.load(at: 8), descriptor: descriptor)
      }
    }
    return nil
  }

  private func padded(_ value: UInt64) -> UInt64 { (value + alignment - 1) & ~(alignment - 1) }
}

extension MemoryView {
  /// Whether the view is `text`, with or without the zero that ends it in a note.
  fileprivate func isString(_ text: String) -> Bool {
    (count == text.utf8.count || count == text.utf8.count + 1)
      && text.utf8.enumerated().allSatisfy { load(UInt8.self, at: $0.offset) == $0.element }
      && (count == text.utf8.count || load(UInt8.self, at: count - 1) == 0)
  }
}
