/// Bytes of a file under construction, little endian.
struct FileBytes {
  var bytes: [UInt8] = []

  mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    let size = MemoryLayout<T>.size
    if bytes.count < offset + size { bytes += [UInt8](repeating: 0, count: offset + size - bytes.count) }
    for index in 0..<size { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  mutating func put(_ content: [UInt8], at offset: Int) {
    if bytes.count < offset + content.count {
      bytes += [UInt8](repeating: 0, count: offset + content.count - bytes.count)
    }
    bytes.replaceSubrange(offset..<(offset + content.count), with: content)
  }

  mutating func append(_ content: [UInt8], alignment: Int = 1) -> Int {
    let offset = (bytes.count + alignment - 1) / alignment * alignment
    put(content, at: offset)
    return offset
  }
}

/// Makes ELF files, good ones unless told otherwise: header, program header table, segments.
struct ELFBuilder {
  struct Segment {
    var type: UInt32 = 1
    var address: UInt64
    /// p_vaddr, as `address` unless given.
    var virtual: UInt64?
    var content: [UInt8] = []
    /// p_memsz, the content's length unless given.
    var memory: UInt64?
    /// p_filesz and p_offset, where they should be wrong.
    var fileSize: UInt64?
    var offset: UInt64?
    var alignment: UInt64 = 4
  }

  var wide = true
  var type: UInt16 = 2
  var machine: UInt16 = 62
  var entry: UInt64 = 0x20_0000
  var segments: [Segment] = []
  var entrySize: UInt16?
  var count: UInt16?

  static func elf32(_ segments: [Segment], entry: UInt64) -> ELFBuilder {
    ELFBuilder(wide: false, machine: 3, entry: entry, segments: segments)
  }

  var tableOffset: Int { wide ? 64 : 52 }

  func build() -> [UInt8] {
    var file = FileBytes()
    let word = wide ? 8 : 4
    let size = wide ? 56 : 32
    func put(_ value: UInt64, at offset: Int) {
      if wide { file.put(value, at: offset) } else { file.put(UInt32(truncatingIfNeeded: value), at: offset) }
    }
    file.put([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1], at: 0)
    file.put(type, at: 16)
    file.put(machine, at: 18)
    file.put(1 as UInt32, at: 20)
    put(entry, at: 24)
    put(UInt64(tableOffset), at: 24 + word)
    let sizes = 24 + 3 * word + 4
    file.put(UInt16(tableOffset), at: sizes)
    file.put(entrySize ?? UInt16(size), at: sizes + 2)
    file.put(count ?? UInt16(segments.count), at: sizes + 4)
    file.put([UInt8](repeating: 0, count: size * segments.count), at: tableOffset)
    for (index, segment) in segments.enumerated() {
      let at = tableOffset + index * size
      let offset = file.append(segment.content, alignment: 16)
      let fields = [
        segment.offset ?? UInt64(offset), segment.virtual ?? segment.address, segment.address,
        segment.fileSize ?? UInt64(segment.content.count), segment.memory ?? UInt64(segment.content.count),
      ]
      file.put(segment.type, at: at)
      for (number, field) in fields.enumerated() { put(field, at: at + (wide ? 8 : 4) + number * word) }
      put(segment.alignment, at: at + (wide ? 48 : 28))
    }
    return file.bytes
  }
}

/// A Multiboot header, with the right checksum unless told otherwise.
func multibootHeader(flags: UInt32, checksum: UInt32? = nil, fields: [UInt32] = []) -> [UInt8] {
  var file = FileBytes()
  file.put(0x1bad_b002 as UInt32, at: 0)
  file.put(flags, at: 4)
  file.put(checksum ?? 0 &- (0x1bad_b002 as UInt32) &- flags, at: 8)
  for (index, field) in fields.enumerated() { file.put(field, at: 12 + 4 * index) }
  return file.bytes
}

/// A note segment, as the linker makes one.
func noteSegment(
  _ text: String, owner: String = "swiftvmm\0", type: UInt32 = 1, alignment: Int = 4, after: [UInt8] = []
) -> ELFBuilder.Segment {
  func pad(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
  }
  var header = FileBytes()
  header.put(UInt32(owner.utf8.count), at: 0)
  header.put(UInt32(text.utf8.count), at: 4)
  header.put(type, at: 8)
  let note = pad(pad(header.bytes + Array(owner.utf8)) + Array(text.utf8))
  return .init(type: 4, address: 0, content: after + note, memory: 0, alignment: UInt64(alignment))
}
