/// A day of the Gregorian calendar, continued backwards before its time.
struct CivilDate: Equatable {
  let year: Int
  /// 1–12.
  let month: Int
  /// 1–31.
  let day: Int

  /// - Parameter days: since 1970-01-01, within about ±10^15, far more than a clock gives.
  init(daysSince1970 days: Int) {
    // Counted from a March 1st at the start of a 400-year cycle, the leap day is the last of its year, its
    // four years and so on: each step is a division that must only not run over at the end of the longer unit.
    let daysFrom0000March = days + 719_468
    let (cycle, dayOfCycle) = daysFrom0000March.flooredQuotientAndRemainder(dividingBy: 146_097)
    let century = min(dayOfCycle / 36_524, 3)
    let dayOfCentury = dayOfCycle - century * 36_524
    let fourYears = dayOfCentury / 1_461
    let dayOfFourYears = dayOfCentury % 1_461
    let yearOfFour = min(dayOfFourYears / 365, 3)
    var rest = dayOfFourYears - yearOfFour * 365
    var month = 3
    while rest >= Self.length(ofMonth: month) {
      rest -= Self.length(ofMonth: month)
      month += 1
    }
    let marchYear = cycle * 400 + century * 100 + fourYears * 4 + yearOfFour
    self.year = month > 12 ? marchYear + 1 : marchYear
    self.month = month > 12 ? month - 12 : month
    self.day = rest + 1
  }

  /// Months count on to 14, the February at the end of a year from March, which always has room.
  private static func length(ofMonth month: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 14: 29
    default: 31
    }
  }
}

extension Int {
  /// Division whose remainder is never negative, for a divisor above 0.
  func flooredQuotientAndRemainder(dividingBy divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
