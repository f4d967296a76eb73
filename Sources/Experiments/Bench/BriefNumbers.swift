import Presentation

/// A duration given in ns, in three significant digits and at most 7 characters below 1000 s.
func briefTime(_ nanoseconds: Double) -> String {
  let (value, unit): (Double, String) =
    switch abs(nanoseconds) {
    case ..<999.5: (nanoseconds, "ns")
    case ..<999_500: (nanoseconds / 1e3, "us")
    case ..<999_500_000: (nanoseconds / 1e6, "ms")
    default: (nanoseconds / 1e9, "s")
    }
  return "\(threeDigits(value)) \(unit)"
}

/// A count in three significant digits, four below 10 000; at most 6 characters below 10^12.
func briefCount(_ count: Double) -> String {
  switch abs(count) {
  case ..<99.95: threeDigits(count)
  case ..<9999.5: decimal(count, 0)
  case ..<999_500: threeDigits(count / 1e3) + "k"
  case ..<999_500_000: threeDigits(count / 1e6) + "M"
  default: threeDigits(count / 1e9) + "G"
  }
}

/// Below 1000: as many decimals as make three digits, but never more than two.
private func threeDigits(_ value: Double) -> String {
  switch abs(value) {
  case ..<9.995: decimal(value, 2)
  case ..<99.95: decimal(value, 1)
  default: decimal(value, 0)
  }
}
