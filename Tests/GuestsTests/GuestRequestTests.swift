import BuiltinImages
import Loaders
import Testing
import VMM

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

  /// What `request` makes of the NICs of an image whose manifest wants `nic`, in place of one with 18 letters.
  private func nics(of request: GuestRequest, wantedByImage nic: String) throws -> [String] {
    let builtin = try #require(BuiltinImage.named("e1000-tx")).bytes.bytes
    let buffer = HostBuffer(count: builtin.count)
    buffer.view.copy(from: builtin)
    let place = try #require(builtin.firstRange(of: Array("e1000,backend=sink".utf8)))
    try #require(buffer.view.slice(place.lowerBound, place.count)).copy(from: Array(nic.utf8))
    let image = try BootImage(buffer.view, name: "image", entry: nil)
    let specifications = try request.nicSpecifications(for: image)
    withExtendedLifetime(buffer) {}
    return specifications.map(\.description)
  }

  @Test(arguments: ["e1000,pcap=/tmp/xy", "e1000,pcap=./a.out"])
  func `an image opens no files of the host, its user does`(nic: String) throws {
    var request = GuestRequest("image")
    let failure = #expect(throws: Failure.self) { try nics(of: request, wantedByImage: nic) }
    #expect(failure?.status == 35)
    let file = nic.dropFirst("e1000,".count)
    #expect(
      failure?.message == "the image wants a NIC with \(file): '--nic \(nic)' if you want that, too")
    request.nics = [nic]
    #expect(try nics(of: request, wantedByImage: nic) == ["e1000,backend=sink," + file])
  }

  @Test(arguments: ["e1000,backend=none", "e1000,backend=sink"])
  func `an image has what stays in the process`(nic: String) throws {
    #expect(try nics(of: GuestRequest("image"), wantedByImage: nic) == [nic])
  }
}
