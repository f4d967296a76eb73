import Loaders
import Testing
import VMM

@Suite("Words for an image with a manifest")
struct CommandLineTests {
  private let image: BootImage
  private let loaded: Loaded

  init() throws {
    loaded = try Loaded(Good.elf64.build())
    image = loaded.image
  }

  @Test(
    "Known keys with values in range are taken",
    arguments: [
      "", "   ", "packets=1", "packets=100000000 driver=interrupt", "driver=naive  packets=0005",
      "\tpackets=7\n",
    ])
  func good(line: String) throws {
    try image.check(commandLine: line)
  }

  @Test(
    "Values out of range are refused",
    arguments: [
      "packets=0", "packets=100000001", "packets=", "packets=1x", "packets=-1", "packets=+1", "packets=0x10",
      "packets=99999999999999999999", "packets=1=2", "packets=١",
    ])
  func range(word: String) {
    expect(.commandLine(.valueOutOfRange(.range(1...100_000_000)))) { try image.check(commandLine: word) }
  }

  @Test(
    "Choices are taken literally",
    arguments: ["driver=", "driver=Naive", "driver=naive|tuned", "driver=fast"])
  func choices(word: String) {
    expect(.commandLine(.valueOutOfRange(.choices(["naive", "tuned", "interrupt"])))) {
      try image.check(commandLine: word)
    }
  }

  @Test(
    "Unknown keys are refused with the key that was probably meant",
    arguments: [
      ("packet=1", "packets"), ("pakcets=1", "packets"), ("PACKETS=1", nil), ("drivr=naive", "driver"),
      ("rdiver=naive", "driver"),
      ("=1", nil), ("queue=1", nil), ("zzzzzz=1", nil),
    ] as [(String, String?)])
  func unknown(word: String, nearest: String?) {
    expect(.commandLine(.unknownKey(known: ["packets", "driver"], nearest: nearest))) {
      try image.check(commandLine: word)
    }
  }

  @Test("Words without a value and keys given twice are refused, and named")
  func words() {
    expect(.commandLine(.wordWithoutValue)) { try image.check(commandLine: "driver=naive packets") }
    expect(.commandLine(.duplicateKey)) { try image.check(commandLine: "packets=1 driver=naive packets=2") }
    let error = #expect(throws: LoadError.self) { try image.check(commandLine: "packets=1 packets=2") }
    #expect(error?.subject == "packets=2")
  }

  @Test("An image that declares no keys takes none, one without a manifest takes anything")
  func withoutKeys() throws {
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: pattern(16)), noteSegment("summary x")]
    let silent = try Loaded(elf.build())
    expect(.commandLine(.unknownKey(known: [], nearest: nil))) { try silent.image.check(commandLine: "a=1") }
    elf.segments.removeLast()
    let free = try Loaded(elf.build())
    try free.image.check(commandLine: "quiet a=1 a=2 virtio_mmio.device=4K@0xd0000000:5")
  }
}
