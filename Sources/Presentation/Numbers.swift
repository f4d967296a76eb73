/// A count with its thousands apart: 1 234 567.
public func grouped(_ number: UInt64) -> String {
  let digits = Array(String(number))
  var text = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { text.append(" ") }
    text.append(digit)
  }
  return text
}

/// A number with a fixed count of decimals, 0–9.
public func decimal(_ number: Double, _ decimals: Int) -> String {
  guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = Int64((abs(number) * scale).rounded())
  let whole = scaled / Int64(scale)
  let sign = number < 0 && scaled != 0 ? "-" : ""
  guard decimals > 0 else { return "\(sign)\(whole)" }
  let fraction = String(scaled % Int64(scale))
  return "\(sign)\(whole)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

extension Duration {
  /// In seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

/// A duration given in ns, in the unit that suits it.
public func time(_ nanoseconds: Double) -> String {
  switch nanoseconds {
  case ..<1e3: "\(decimal(nanoseconds, 0)) ns"
  case ..<1e6: "\(decimal(nanoseconds / 1e3, 1)) us"
  case ..<1e9: "\(decimal(nanoseconds / 1e6, 1)) ms"
  default: "\(decimal(nanoseconds / 1e9, 1)) s"
  }
}

/// `text` with blanks behind it up to `width`.
public func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
