/// A number as people read addresses and registers.
public func hex<T: BinaryInteger>(_ value: T) -> String {
  "0x" + String(value, radix: 16)
}

/// The number that a word of the user's or of an image's is: decimal, or hexadecimal behind 0x or 0X. Nil for what is
/// none, and for what does not fit.
///
/// ASCII digits and nothing else. Swift's own parsers take a sign, and a start pays for what they do beside.
package func parseNumber(_ text: Substring) -> UInt64? {
  var digits = text.utf8
  guard digits.popFirst() == UInt8(ascii: "0"), let mark = digits.popFirst(), mark | 0x20 == UInt8(ascii: "x")
  else { return parse(text.utf8, base: 10) }
  return parse(digits, base: 16)
}

/// Likewise, decimal only.
package func parseDecimal(_ text: Substring) -> UInt64? { parse(text.utf8, base: 10) }

/// Likewise, hexadecimal with nothing before it.
package func parseHexadecimal(_ text: Substring) -> UInt64? { parse(text.utf8, base: 16) }

private func parse(_ digits: Substring.UTF8View, base: UInt64) -> UInt64? {
  guard !digits.isEmpty else { return nil }
  var number: UInt64 = 0
  for digit in digits {
    guard let value = hexadecimalValue(of: digit), value < base else { return nil }
    let (product, isTooLarge) = number.multipliedReportingOverflow(by: base)
    let (sum, isLarger) = product.addingReportingOverflow(value)
    guard !isTooLarge, !isLarger else { return nil }
    number = sum
  }
  return number
}

private func hexadecimalValue(of digit: UInt8) -> UInt64? {
  switch digit {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
  case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(digit - UInt8(ascii: "A")) + 10
  case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit - UInt8(ascii: "a")) + 10
  default: nil
  }
}
