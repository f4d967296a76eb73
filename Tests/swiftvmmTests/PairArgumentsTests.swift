import Guests
import Testing

@testable import swiftvmm

struct PairArgumentsTests {
  @Test func `each guest is given as to boot, with any blanks between`() throws {
    let pair = try PairArguments(
      left: " image  a=1 --cpus 2 --nic e1000\n", right: "other --memory=1G --json f")
    var left = BootArguments(image: "image")
    left.words = ["a=1"]
    left.cpus = "2"
    left.nics = ["e1000"]
    #expect(pair.left == left)
    var right = BootArguments(image: "other")
    right.memory = "1G"
    right.json = "f"
    #expect(pair.right == right)
  }

  @Test(arguments: [
    ("", "image", "--left: Missing expected argument '<image>'; see 'swiftvmm boot --help'"),
    ("image", "--help", "--right: an image, its words and options; see 'swiftvmm boot --help'"),
    (
      "image --json a", "image --json a",
      "--left --json a and --right --json a: the same file; a file for each, please"
    ),
    (
      "image --pcap a", "image --json ./a",
      "--left --pcap a and --right --json ./a: the same file; a file for each, please"
    ),
    (
      "image --nic e1000,backend=bridge,pcap=a", "image --nic virtio-net,pcap=a,backend=bridge",
      "--left pcap=a and --right pcap=a: the same file; a file for each, please"
    ),
    (
      "image", "image --json a --nic e1000,backend=bridge,pcap=a",
      "--right --json a and --right pcap=a: the same file; a file for each, please"
    ),
  ])
  func mistakes(left: String, right: String, message: String) {
    let failure = #expect(throws: Failure.self) { try PairArguments(left: left, right: right) }
    #expect((failure?.status, failure?.message) == (35, message))
  }
}
