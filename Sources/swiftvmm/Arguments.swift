import ArgumentParser
import CLinux
import KVM
import VMM

/// `64M` as 67108864; nil for what is no size.
func byteCount(_ text: String) -> UInt64? {
  let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
  let unit = text.last.flatMap { units[Character($0.uppercased())] }
  guard let number = UInt64(unit == nil ? text[...] : text.dropLast()), text.first?.isNumber == true else {
    return nil
  }
  let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
  return overflow ? nil : bytes
}

/// RAM of this host in bytes.
var hostMemory: UInt64 {
  var information = sysinfo()
  guard unsafe sysinfo(&information) == 0 else { return .max }
  return UInt64(information.totalram) * UInt64(information.mem_unit)
}

/// `LEAF[.SUBLEAF]:REG=VALUE[/MASK]`, numbers decimal or behind 0x.
struct CPUIDArgument: ExpressibleByArgument {
  let change: MachineConfiguration.CPUIDChange

  init?(argument: String) {
    let halves = argument.split(separator: "=", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let place = halves[0].split(separator: ":", omittingEmptySubsequences: false)
    let leaves = (place.first ?? "").split(separator: ".", omittingEmptySubsequences: false).map(number)
    let values = halves[1].split(separator: "/", omittingEmptySubsequences: false).map(number)
    guard place.count == 2, let register = CPUIDTable.Register(rawValue: place[1].lowercased()),
      (1...2).contains(leaves.count), (1...2).contains(values.count),
      !leaves.contains(nil), !values.contains(nil), let leaf = leaves[0], let value = values[0]
    else { return nil }
    change = MachineConfiguration.CPUIDChange(
      leaf: leaf, subleaf: leaves.count > 1 ? leaves[1]! : 0, register: register, value: value,
      mask: values.count > 1 ? values[1]! : ~0)
  }
}

private func number(_ text: Substring) -> UInt32? {
  text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
}
