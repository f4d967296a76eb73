/// An executable of a few bytes, with what a test wants wrong in it.
struct ELFFile {
  struct Segment {
    var address: UInt64
    var bytes: [UInt8]
  }

  /// EM_386 makes a 32-bit file, everything else a 64-bit one.
  var machine: UInt16 = ELFFile.amd64
  var entry: UInt64 = 0x10_0000
  var segments: [Segment]

  static let i386: UInt16 = 3
  static let amd64: UInt16 = 62
  static let aarch64: UInt16 = 183

  private var is64Bit: Bool { machine != Self.i386 }

  /// The file: header, program headers, the segments one behind the other.
  var bytes: [UInt8] {
    let headerSize = is64Bit ? 64 : 52
    let entrySize = is64Bit ? 56 : 32
    var file: [UInt8] = [0x7f] + Array("ELF".utf8) + [is64Bit ? 2 : 1, 1, 1] + Array(repeating: 0, count: 9)
    file += little(2, 2) + little(UInt64(machine), 2) + little(1, 4)  // ET_EXEC, e_machine, EV_CURRENT
    file += word(entry) + word(UInt64(headerSize)) + word(0) + little(0, 4)
    file += [headerSize, entrySize, segments.count, 0, 0, 0].flatMap { little(UInt64($0), 2) }
    var offset = UInt64(headerSize + entrySize * segments.count)
    for segment in segments {
      let size = UInt64(segment.bytes.count)
      // PT_LOAD; readable, writable, executable. The flags' place differs between the classes.
      file += little(1, 4) + (is64Bit ? little(7, 4) : [])
      file += word(offset) + word(segment.address) + word(segment.address) + word(size) + word(size)
      file += (is64Bit ? [] : little(7, 4)) + word(1)
      offset += size
    }
    return segments.reduce(into: file) { $0 += $1.bytes }
  }

  private func word(_ value: UInt64) -> [UInt8] { little(value, is64Bit ? 8 : 4) }
}

/// A number in `count` bytes, little endian.
func little(_ value: UInt64, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}
