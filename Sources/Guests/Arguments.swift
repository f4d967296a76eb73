import CLinux
import KVM
import VMM

/// `64M` as 67108864; nil for what is no size.
func byteCount(_ text: String) -> UInt64? {
  let unit: UInt64? =
    switch text.utf8.last ?? 0 {
    case UInt8(ascii: "K"), UInt8(ascii: "k"): 1 << 10
    case UInt8(ascii: "M"), UInt8(ascii: "m"): 1 << 20
    case UInt8(ascii: "G"), UInt8(ascii: "g"): 1 << 30
    default: nil
    }
  guard let number = parseDecimal(Substring(text.utf8.dropLast(unit == nil ? 0 : 1))) else { return nil }
  let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
  return overflow ? nil : bytes
}

/// RAM of this host in bytes.
var hostMemory: UInt64 {
  var information = sysinfo()
  guard unsafe sysinfo(&information) == 0 else { return .max }
  return UInt64(information.totalram) * UInt64(information.mem_unit)
}

extension MachineConfiguration.CPUIDChange {
  /// Parses `LEAF[.SUBLEAF]:REGISTER=VALUE[/MASK]`, numbers decimal or behind 0x; nil for anything else.
  init?(_ text: String) {
    let halves = text.split(separator: "=", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let place = halves[0].split(separator: ":", omittingEmptySubsequences: false)
    guard place.count == 2, let register = CPUIDTable.Register(rawValue: place[1].lowercased()),
      let (leaf, subleaf) = numbers(place[0], separatedBy: "."),
      let (value, mask) = numbers(halves[1], separatedBy: "/")
    else { return nil }
    self.init(leaf: leaf, subleaf: subleaf ?? 0, register: register, value: value, mask: mask ?? ~0)
  }
}

/// One number, or two.
private func numbers(_ text: Substring, separatedBy separator: Character) -> (UInt32, UInt32?)? {
  let parts = text.split(separator: separator, omittingEmptySubsequences: false)
  guard (1...2).contains(parts.count), let first = number(parts[0]) else { return nil }
  guard parts.count == 2 else { return (first, nil) }
  return number(parts[1]).map { (first, $0) }
}

private func number(_ text: Substring) -> UInt32? {
  parseNumber(text).flatMap { UInt32(exactly: $0) }
}

extension [String] {
  /// Those that are not empty, parted by blanks. Not by `joined`, whose look-up of conformances a start would pay for.
  public var commandLine: String {
    reduce("") { $1.isEmpty ? $0 : $0.isEmpty ? $1 : $0 + " " + $1 }
  }
}
