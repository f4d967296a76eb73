import Foundation
import Guests
import Testing

@testable import swiftvmm

struct GuestFilesTests {
  @Test(arguments: [
    ["--json", "f", "--pcap", "f"], ["--json", "f", "--nic", "e1000,pcap=f"],
    ["--nic", "e1000,pcap=f", "--nic", "virtio-net,mtu=1500,pcap=f"],
    ["--json", "/tmp/f", "--nic", "virtio-net", "--nic", "e1000,pcap=/tmp/.//../tmp/f"],
    ["--json", "/f", "--nic", "e1000,pcap=//f"],
  ])
  func `two outputs into one file are refused`(options: [String]) throws {
    let arguments = try #require(BootArguments(plain: ["image"] + options))
    let failure = #expect(throws: Failure.self) { try arguments.checkFiles() }
    #expect(failure?.status == 35)
    #expect(failure?.message?.hasSuffix(": the same file; a file for each, please") == true)
  }

  @Test(arguments: [
    [], ["--json", "f"], ["--json", "f", "--pcap", "/f"], ["--json", "f", "--nic", "e1000,pcap=g"],
    ["--nic", "e1000,pcap=f", "--nic", "virtio-net,pcap=f.pcap"], ["--nic", "e1000", "--nic", "virtio-net"],
    ["--json", "/dev/null", "--nic", "e1000,pcap=/dev/null"], ["--json", "", "--pcap", ""],
    ["--json", "f", "--nic", "nonsense,pcap=f"],
  ])
  func `others are not`(options: [String]) throws {
    try #require(BootArguments(plain: ["image"] + options)).checkFiles()
  }

  /// A folder with a file, a hard link and a symbolic link to it.
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("x".utf8).write(to: URL(filePath: folder + "/file"))
    try FileManager.default.linkItem(atPath: folder + "/file", toPath: folder + "/hard")
    try FileManager.default.createSymbolicLink(atPath: folder + "/soft", withDestinationPath: "file")
    try body(folder)
  }

  @Test(arguments: [
    "F/file --json F/file", "F/file --pcap F/hard", "F/soft --nic e1000,pcap=F/file",
    "builtin:hello --module F/file:text --json F/soft", "builtin:hello --json F/hard --pcap F/soft",
    "builtin:hello --json F/../F/new --pcap F/new",
  ])
  func `by whatever path, and what a guest is made of is not written either`(words: String) throws {
    try inFolder { folder in
      let name = folder.split(separator: "/").last!
      let given = words.replacing("F/../F/", with: "\(folder)/../\(name)/").replacing(
        "F/", with: folder + "/")
      let arguments = try #require(BootArguments(plain: given.split(separator: " ").map(String.init)))
      let failure = #expect(throws: Failure.self) { try arguments.checkFiles() }
      #expect(failure?.status == 35)
      #expect(failure?.message?.hasSuffix(": the same file; a file for each, please") == true)
    }
  }

  @Test func `what is only read may be read twice, and what is new is nobody else's`() throws {
    try inFolder { folder in
      let file = folder + "/file"
      let options = [
        "--module", file, "--module", folder + "/soft", "--json", folder + "/new", "--pcap",
        folder + "/newer",
      ]
      try #require(BootArguments(plain: [file] + options)).checkFiles()
    }
  }

  @Test func `the words of both are named`() throws {
    let arguments = try #require(
      BootArguments(plain: ["image", "--json", "f", "--nic", "e1000", "--nic", "virtio-net,pcap=f"]))
    let failure = #expect(throws: Failure.self) { try arguments.checkFiles() }
    #expect(failure?.message == "--json f and pcap=f: the same file; a file for each, please")
  }
}
