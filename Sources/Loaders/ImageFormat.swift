import VMM

/// What kind of image it is; docs/guest-abi.md, section Entry state.
public enum ImageFormat: Equatable, Sendable {
  /// ELF64 for x86-64, entered in 64-bit mode.
  case elf64
  /// ELF64 for x86-64 that is no image of ours and has a PVH note, as Linux does, entered in protected mode.
  case pvhELF64
  /// ELF32 for i386 with a Multiboot header, entered in protected mode.
  case multibootELF32
  /// Any file whose Multiboot header says where to load it, entered in protected mode.
  case multibootAddressFields
  /// Bytes that go to an address as they are.
  case flat(FlatEntry)

  /// What the report calls it (docs/report.md, `format`).
  public var name: String {
    switch self {
    case .elf64: "elf64"
    case .pvhELF64: "pvhELF64"
    case .multibootELF32: "multibootELF32"
    case .multibootAddressFields: "multibootAddressFields"
    case .flat(let entry): "flat(\(entry))"
    }
  }

  /// The mode in which the image is entered.
  public var mode: EntryState.Mode {
    switch self {
    case .elf64: .long
    case .pvhELF64, .multibootELF32, .multibootAddressFields: .protected
    case .flat(let entry): entry.mode
    }
  }

  /// The image is booted by the Multiboot Specification.
  public var isMultiboot: Bool { self == .multibootELF32 || self == .multibootAddressFields }
}
