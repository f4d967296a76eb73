import Guests
import Testing

@testable import swiftvmm

struct SecondsTests {
  @Test(
    arguments: [("1", .seconds(1)), ("0.5", .milliseconds(500)), ("1e6", .seconds(1_000_000))]
      as [(String, Duration)])
  func `times`(text: String, time: Duration) throws {
    #expect(try parseSeconds(text, of: "--x") == time)
  }

  @Test(arguments: ["", "x", "0", "-1", "nan", "inf", "1000001", "1 "])
  func `no times`(text: String) {
    let failure = #expect(throws: Failure.self) { try parseSeconds(text, of: "--x") }
    #expect(failure?.status == 35)
    #expect(failure?.message == "--x \(text): more than 0 and at most 1000000 seconds, please")
  }
}
