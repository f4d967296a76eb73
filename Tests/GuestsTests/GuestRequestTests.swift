import BuiltinImages
import Loaders
import NetBackends
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

  /// What `request` makes of the NICs of an image whose manifest wants `nic`, in place of a summary and another NIC.
  private func nics(of request: GuestRequest, wantedByImage nic: String) throws -> [String] {
    let builtin = try #require(BuiltinImage.named("e1000-tx")).bytes.bytes
    let buffer = HostBuffer(count: builtin.count)
    buffer.view.copy(from: builtin)
    let old = "nic e1000,backend=sink\n"
    let start = try #require(builtin.firstRange(of: Array("summary ".utf8))).lowerBound
    let end = try #require(builtin[start...].firstRange(of: Array(old.utf8))).upperBound
    let new = "nic \(nic)\nsummary "
    let padded = new + String(repeating: "x", count: end - start - new.utf8.count - 1) + "\n"
    try #require(buffer.view.slice(start, end - start)).copy(from: Array(padded.utf8))
    let image = try BootImage(buffer.view, name: "image", entry: nil)
    let specifications = try request.nicSpecifications(for: image)
    withExtendedLifetime(buffer) {}
    return specifications.map(\.description)
  }

  @Test(arguments: ["e1000,pcap=/tmp/a.pcap", "e1000,backend=tap,ifname=a", "e1000,backend=passt,socket=a"])
  func `an image opens no files of the host, its user does`(nic: String) throws {
    var request = GuestRequest("image")
    let failure = #expect(throws: Failure.self) { try nics(of: request, wantedByImage: nic) }
    #expect(failure?.status == 35)
    let file = nic.dropFirst("e1000,".count)
    #expect(
      failure?.message
        == "the image wants a NIC with \(file): only --nic opens files and networks of the host")
    request.nics = [nic]
    let expected = file.hasPrefix("pcap") ? "e1000,backend=sink," + file : nic
    #expect(try nics(of: request, wantedByImage: nic) == [expected])
  }

  @Test func `where a wire takes the place of what an image wants, nothing is opened`() throws {
    var request = GuestRequest("image")
    request.wire = Nobody()
    #expect(try nics(of: request, wantedByImage: "e1000,backend=tap,ifname=a") == ["e1000,backend=bridge"])
    #expect(throws: Failure.self) { try nics(of: request, wantedByImage: "e1000,pcap=/tmp/a.pcap") }
  }

  @Test(arguments: ["e1000,backend=none", "e1000,backend=sink"])
  func `an image has what stays in the process`(nic: String) throws {
    #expect(try nics(of: GuestRequest("image"), wantedByImage: nic) == [nic])
  }
}
