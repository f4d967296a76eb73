import Foundation
import TestSupport
import Testing

@Suite("Bad images are one clear line and status 35", .sameOnEveryHost)
struct BadImageTests {
  struct Image: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let words: String

    init(_ name: String, _ bytes: [UInt8], _ words: String) {
      self.name = name
      self.bytes = bytes
      self.words = words
    }

    var testDescription: String { name }
  }

  private static let good = ELFFile(segments: [.init(address: 0x10_0000, bytes: Code.end)])

  /// ``good`` with something changed.
  private static func changed(_ change: (inout ELFFile) -> Void) -> [UInt8] {
    var file = good
    change(&file)
    return file.bytes
  }

  static let images = [
    Image("empty", [], "the file is empty"),
    Image("garbage", Array("garbage".utf8), "if it is a flat binary, say where it goes: --entry"),
    Image(
      "ELF that ends in its header", Array(good.bytes.prefix(40)), "truncated: the ELF header ends at byte 64"
    ),
    Image("ELF that ends in its segment", good.bytes.dropLast(), "truncated: "),
    Image("another architecture", changed { $0.machine = ELFFile.aarch64 }, "built for "),
    Image(
      "segments that overlap",
      changed { $0.segments.append(.init(address: 0x10_0002, bytes: Code.end)) }, "overlap at 0x100002"),
    Image(
      "entry outside", changed { $0.entry = 0x20_0000 },
      "the entry point 0x200000 is not in what the file loads"),
    Image("nothing to load", changed { $0.segments = [] }, "no segment to load"),
    Image("32 bits without Multiboot", changed { $0.machine = ELFFile.i386 }, "without a Multiboot header"),
  ]

  /// Found when the machine is made, for which KVM has to be there.
  static let imagesWithoutPlace = [
    Image("in the hole for devices", good(at: 0xd000_0000), "is where devices lie and RAM does not"),
    Image("over the boot tables", good(at: 0x8_1000), "is where the boot tables lie"),
    Image("beyond the guest's memory", good(at: 0x400_0000), "beyond the guest's 64 MiB; it takes "),
  ]

  private static func good(at address: UInt64) -> [UInt8] {
    changed {
      $0.segments[0].address = address
      $0.entry = address
    }
  }

  @Test("Refused for what is in the file", arguments: images)
  func refused(image: Image) throws {
    try refuse(image)
  }

  @Test("Refused for want of a place in memory", .requiresKVM, arguments: imagesWithoutPlace)
  func refusedByTheMachine(image: Image) throws {
    try refuse(image)
  }

  private func refuse(_ image: Image) throws {
    let folder = try Scratch()
    let path = try folder.write("image", image.bytes)
    let run = try Swiftvmm.run(["boot", path])
    expectRefusal(run, saying: image.words)
    #expect(run.errors.hasPrefix("swiftvmm: \(path): "))
  }

  @Test("A FIFO that nobody writes is refused, not waited for", arguments: ["image", "module", "json"])
  func fifo(place: String) throws {
    let folder = try Scratch()
    let path = folder.path("fifo")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    let arguments =
      switch place {
      case "image": [path]
      case "module": ["builtin:hello", "--module", path]
      default: ["builtin:hello", "--json", path]
      }
    expectRefusal(try Swiftvmm.run(["boot"] + arguments), saying: path)
  }

  @Test("The same image with nothing wrong boots", .requiresKVM)
  func accepted() throws {
    let folder = try Scratch()
    #expect(try Swiftvmm.boot(try folder.write("image", Self.good.bytes)).status == 0)
  }

  @Test(
    "An image that may not be read is refused", .enabled(if: getuid() == 0, "to become nobody takes root"))
  func unreadable() throws {
    let folder = try Scratch()
    let path = try folder.write("image", Self.good.bytes)
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    let nobody = ["setpriv", "--reuid", "65534", "--clear-groups"]
    expectRefusal(try Swiftvmm.run(["boot", path], under: nobody), saying: "\(path): Permission denied")
  }
}

/// /dev/kvm is hidden, in a mount namespace of the program's own.
@Suite(
  "Without KVM: status 38, and what to do about it",
  .enabled(if: getuid() == 0, "to hide /dev/kvm takes root"))
struct NoKVMTests {
  /// A shell script in front of the program, in a mount namespace of its own.
  private func run(_ script: String) throws -> Run {
    try Swiftvmm.run(
      ["boot", "builtin:hello"], under: ["unshare", "--mount", "sh", "-ec", script + "; exec \"$@\"", "sh"])
  }

  @Test("It is not there")
  func missing() throws {
    expectRefusal(
      try run("mount -t tmpfs none /dev"), status: 38, saying: "/dev/kvm: No such file or directory; ")
  }

  @Test("It is something else")
  func somethingElse() throws {
    expectRefusal(
      try run("mount --bind /dev/null /dev/kvm"), status: 38, saying: "/dev/kvm is not KVM: load ")
  }

  @Test("The user may not open it")
  func noPermission() throws {
    let folder = try Scratch()
    let file = try folder.write("locked", [])
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file)
    let run = try run("mount --bind '\(file)' /dev/kvm; set -- setpriv --reuid 65534 --clear-groups \"$@\"")
    expectRefusal(run, status: 38, saying: "/dev/kvm: Permission denied; ")
  }
}
