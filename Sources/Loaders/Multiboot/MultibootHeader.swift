import VMM

/// The Multiboot header of an image (Multiboot 0.6.96, section 3.1).
struct MultibootHeader: Equatable {
  static let magic: UInt32 = 0x1bad_b002
  /// The header lies within the first 8192 bytes, 32-bit aligned (section 3.1).
  static let searched = 8192

  /// Where in the image it lies.
  let offset: Int
  let flags: UInt32

  /// Flag 16: the fields at offsets 12–28 say where to load the image.
  var hasAddressFields: Bool { flags & 1 << 16 != 0 }

  /// Checks flags 0–15, demands that a boot loader meets or refuses to boot (section 3.1.2).
  ///
  /// Modules are always on pages (0) and memory is always described (1). A video mode (2) cannot be had of a
  /// machine without a display, and the rest is not defined.
  func checkRequirements() throws(LoadProblem) {
    let unmet = flags & 0xfffc
    guard unmet == 0 else { throw .multiboot(.unmetRequirements(unmet, offset: offset)) }
  }
}

extension MultibootHeader {
  /// What a look for the header found.
  enum Search: Equatable {
    case found(MultibootHeader)
    /// Only a magic number whose checksum is wrong, the first at this offset.
    case badChecksum(offset: Int)
    case nothing

    /// The header, for an ELF32 file, which needs one.
    func requireHeader() throws(LoadProblem) -> MultibootHeader {
      switch self {
      case .found(let header): return header
      case .badChecksum(let offset): throw .multiboot(.badChecksum(offset: offset))
      case .nothing: throw .elf(.withoutMultiboot)
      }
    }

    /// What is wrong with a file that is not ELF and has no address fields.
    var problemWithoutELF: LoadProblem {
      switch self {
      case .found(let header): .multiboot(.noAddressFields(offset: header.offset))
      case .badChecksum(let offset): .multiboot(.badChecksum(offset: offset))
      case .nothing: .unrecognised
      }
    }
  }

  /// Looks for the header. A magic number with a wrong checksum may be anything, such as the constant in an
  /// instruction, so the search goes on behind it.
  static func search(_ bytes: MemoryView) -> Search {
    let end = min(searched, bytes.count) - 12
    var badChecksum: Int?
    for offset in stride(from: 0, through: end, by: 4) where bytes.load(at: offset) == magic {
      let flags: UInt32 = bytes.load(at: offset + 4)
      let checksum: UInt32 = bytes.load(at: offset + 8)
      if magic &+ flags &+ checksum == 0 { return .found(MultibootHeader(offset: offset, flags: flags)) }
      badChecksum = badChecksum ?? offset
    }
    return badChecksum.map { .badChecksum(offset: $0) } ?? .nothing
  }
}
