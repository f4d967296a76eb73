import TestSupport
import Testing

@testable import Platform

@Suite("Civil dates")
struct CivilDateTests {
  /// The calendar by its rules alone, a day at a time.
  struct Calendar {
    var year: Int
    var month = 1
    var day = 1

    var isLeap: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    var length: Int { [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] }

    mutating func advance() {
      day += 1
      if day > length { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test("every day from 1600 to 2400 follows the one before it")
  func everyDay() {
    // 1600-01-01, by the days that `date -d` gives.
    var calendar = Calendar(year: 1600)
    for days in -135_140...157_053 {
      let date = CivilDate(daysSince1970: days)
      guard date.year == calendar.year, date.month == calendar.month, date.day == calendar.day else {
        Issue.record("day \(days) is \(calendar), not \(date)")
        return
      }
      calendar.advance()
    }
    #expect((calendar.year, calendar.month, calendar.day) == (2400, 1, 1))
  }

  @Test("400 years are 146097 days, at any distance", arguments: 0..<8 as Range<UInt64>)
  func cycles(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<1_000 {
      let days = Int.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random)
      let (date, later) = (CivilDate(daysSince1970: days), CivilDate(daysSince1970: days + 146_097))
      #expect((later.year, later.month, later.day) == (date.year + 400, date.month, date.day))
    }
  }

  @Test(
    "days that are known",
    arguments: [
      (0, 1970, 1, 1), (-1, 1969, 12, 31), (11_016, 2000, 2, 29), (11_017, 2000, 3, 1),
      (47_540, 2100, 2, 28), (47_541, 2100, 3, 1), (2_932_896, 9999, 12, 31), (-719_528, 0, 1, 1),
    ])
  func known(days: Int, year: Int, month: Int, day: Int) {
    let date = CivilDate(daysSince1970: days)
    #expect((date.year, date.month, date.day) == (year, month, day))
  }
}
