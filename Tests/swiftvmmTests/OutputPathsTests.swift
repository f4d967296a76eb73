import Guests
import Testing

@testable import swiftvmm

struct OutputPathsTests {
  @Test(arguments: [
    ["--json", "f", "--pcap", "f"], ["--json", "f", "--nic", "e1000,pcap=f"],
    ["--nic", "e1000,pcap=f", "--nic", "virtio-net,mtu=1500,pcap=f"],
    ["--json", "a/f", "--nic", "virtio-net", "--nic", "e1000,pcap=./a//f"],
    ["--json", "/f", "--nic", "e1000,pcap=//f"],
  ])
  func `two outputs into one file are refused`(options: [String]) throws {
    let arguments = try #require(BootArguments(plain: ["image"] + options))
    let failure = #expect(throws: Failure.self) { try arguments.checkOutputs() }
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
    try #require(BootArguments(plain: ["image"] + options)).checkOutputs()
  }

  @Test func `the words of both are named`() throws {
    let arguments = try #require(
      BootArguments(plain: ["image", "--json", "f", "--nic", "e1000", "--nic", "virtio-net,pcap=f"]))
    let failure = #expect(throws: Failure.self) { try arguments.checkOutputs() }
    #expect(failure?.message == "--json f and pcap=f: the same file; a file for each, please")
  }
}
