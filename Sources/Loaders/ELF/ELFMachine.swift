/// e_machine: the processor that a file is for.
public struct ELFMachine: RawRepresentable, Equatable, Sendable, CustomStringConvertible {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let i386 = ELFMachine(rawValue: 3)
  public static let amd64 = ELFMachine(rawValue: 62)

  /// The name in common use, for the machines that an image is likely to be for.
  public var description: String {
    switch rawValue {
    case 2, 43: "SPARC"
    case 3: "i386"
    case 8: "MIPS"
    case 20, 21: "PowerPC"
    case 22: "IBM Z"
    case 40: "ARM (32-bit)"
    case 62: "x86-64"
    case 183: "AArch64"
    case 243: "RISC-V"
    case 247: "BPF"
    case 258: "LoongArch"
    default: "machine number \(rawValue)"
    }
  }
}
