import Testing

@testable import Guests

struct GuestRequestTests {
  @Test func `an empty path of an image is said to be one`() {
    let failure = #expect(throws: Failure.self) { try GuestRequest("").bootImage() }
    #expect((failure?.status, failure?.message) == (35, "the image's path is empty"))
  }

  @Test(arguments: ["", ":text"])
  func `so is one of a module`(module: String) {
    var request = GuestRequest("image")
    request.modules = [module]
    do throws(Failure) {
      _ = try request.bootModules()
      Issue.record("taken")
    } catch {
      #expect((error.status, error.message) == (35, "--module \(module): the path is empty"))
    }
  }
}
