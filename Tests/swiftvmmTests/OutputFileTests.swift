import Guests
import Testing

@testable import swiftvmm

struct OutputFileTests {
  @Test(arguments: [
    ("", "--json: the path is empty"),
    ("/nowhere/f", "/nowhere/f: No such file or directory; the file cannot be written"),
  ])
  func `a path that cannot be is refused`(path: String, message: String) {
    let failure = #expect(throws: Failure.self) { _ = try OutputFile(path) }
    #expect((failure?.status, failure?.message) == (35, message))
  }
}
