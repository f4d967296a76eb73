/// Why an ELF file is no image.
public enum ELFProblem: Equatable, Sendable, CustomStringConvertible {
  /// Its headers contradict the gABI, or themselves.
  case broken(String)
  case otherMachine(ELFMachine, expected: ELFMachine)
  /// e_type is not ET_EXEC.
  case notExecutable(type: UInt16)
  /// PT_INTERP: it wants to be loaded by an operating system.
  case needsInterpreter
  case noSegment
  case withoutMultiboot

  public var description: String {
    switch self {
    case .broken(let what): "broken ELF file: \(what); build it again"
    case .otherMachine(let machine, let expected):
      "built for \(machine); a \(expected == .i386 ? "32" : "64")-bit ELF image is for \(expected)"
    case .notExecutable(type: 1): "a relocatable object (ET_REL); link it to an executable"
    case .notExecutable(type: 3):
      "a shared object or position-independent program (ET_DYN); link it with -static -no-pie"
    case .notExecutable(type: 4): "a core dump (ET_CORE), not a program"
    case .notExecutable(let type): "not an executable (e_type \(type)); link it to ET_EXEC"
    case .needsInterpreter:
      "a program for an operating system (it has PT_INTERP); an image stands alone: link it with -static"
    case .noSegment: "no segment to load (PT_LOAD); readelf -l shows what there is"
    case .withoutMultiboot:
      """
      a 32-bit ELF file without a Multiboot header in its first 8192 bytes; \
      add one, or see where the linker put it
      """
    }
  }
}
