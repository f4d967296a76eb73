import Foundation
import TestSupport
import Testing

@Suite("What reaches a guest at its start", .requiresKVM)
struct BootInformationTests {
  /// Writes to the debug console what the Multiboot information at EBX says: the command line, then of each
  /// module its string and its content, each with a newline. The same bytes do it in 32-bit and 64-bit mode.
  static let printer: [UInt8] = [
    0xbc, 0x00, 0x70, 0x00, 0x00,  // mov esp, 0x7000
    0x8b, 0x73, 0x10,  // mov esi, [ebx + 16]: cmdline
    0xe8, 0x2e, 0x00, 0x00, 0x00,  // call print
    0x8b, 0x6b, 0x14,  // mov ebp, [ebx + 20]: mods_count
    0x8b, 0x7b, 0x18,  // mov edi, [ebx + 24]: mods_addr
    // next:
    0x85, 0xed,  // test ebp, ebp
    0x74, 0x20,  // jz end
    0x8b, 0x77, 0x08,  // mov esi, [edi + 8]: string
    0xe8, 0x1c, 0x00, 0x00, 0x00,  // call print
    0x8b, 0x37,  // mov esi, [edi]: mod_start
    // data:
    0x3b, 0x77, 0x04,  // cmp esi, [edi + 4]: mod_end
    0x73, 0x05,  // jae done
    0xac,  // lodsb
    0xe6, 0xe9,  // out 0xe9, al
    0xeb, 0xf6,  // jmp data
    // done:
    0xb0, 0x0a,  // mov al, '\n'
    0xe6, 0xe9,  // out 0xe9, al
    0x83, 0xc7, 0x10,  // add edi, 16
    0x83, 0xed, 0x01,  // sub ebp, 1
    0xeb, 0xdc,  // jmp next
    // end:
    0xb0, 0x00,  // mov al, 0
    0xe6, 0xf4,  // out 0xf4, al
    // print:
    0xac,  // lodsb
    0x84, 0xc0,  // test al, al
    0x74, 0x04,  // jz + 4
    0xe6, 0xe9,  // out 0xe9, al
    0xeb, 0xf7,  // jmp print
    0xb0, 0x0a,  // mov al, '\n'
    0xe6, 0xe9,  // out 0xe9, al
    0xc3,  // ret
  ]

  /// Magic, flags 0, checksum (Multiboot Specification 0.6.96, 3.1.1), then the code.
  static let multibootFile = ELFFile(
    machine: ELFFile.i386, entry: 0x10_000c,
    segments: [
      .init(
        address: 0x10_0000, bytes: little(0x1bad_b002, 4) + little(0, 4) + little(0xe452_4ffe, 4) + printer)
    ])

  enum Format: String, CaseIterable {
    case multiboot, elf64, flatProtected, flatLong

    var image: FlatImage {
      switch self {
      case .multiboot: FlatImage(multibootFile.bytes, entry: nil)
      case .elf64: FlatImage(ELFFile(segments: [.init(address: 0x10_0000, bytes: printer)]).bytes, entry: nil)
      case .flatProtected: FlatImage(printer, entry: "protected@0x100000")
      case .flatLong: FlatImage(printer, entry: "long@0x100000")
      }
    }

    /// What stands before the user's words: a Multiboot kernel is told its own name first.
    func name(_ run: Run) -> String { self == .multiboot ? run.arguments[1] + " " : "" }
  }

  @Test("Command line, trailing words, modules and their strings", arguments: Format.allCases)
  func everything(format: Format) throws {
    let folder = try Scratch()
    let first = try folder.write("first", Array("content of one".utf8))
    let second = try folder.write("second", [0, 255])
    let run = try format.image.boot(
      "three", "four=4", "--cmdline", "one two", "--module", "\(first):a string: with a colon", "--module",
      second,
      "--module", "\(first):")
    let text = "\(format.name(run))one two three four=4\na string: with a colon\ncontent of one\n\(second)\n"
    #expect(run.status == 0)
    #expect(run.output == Array(text.utf8) + [0, 255, 10] + Array("\ncontent of one\n".utf8))
    #expect(try run.report.guest.commandLine == "one two three four=4")
  }

  @Test("Without anything, an empty command line and no modules", arguments: Format.allCases)
  func nothing(format: Format) throws {
    let run = try format.image.boot()
    #expect(run.text == format.name(run).trimmingCharacters(in: .whitespaces) + "\n")
  }

  @Test("A virtio device announces itself behind the user's words", arguments: Format.allCases)
  func virtio(format: Format) throws {
    let run = try format.image.boot("word", "--nic", "virtio-net", "--nic", "e1000")
    #expect(run.text == format.name(run) + "word virtio_mmio.device=4K@0xd0000000:5\n")
  }

  @Test("A large module arrives whole")
  func largeModule() throws {
    // The sum of all bytes of the first module, to the debug console as four bytes.
    let sum: [UInt8] =
      [
        0x8b, 0x7b, 0x18,  // mov edi, [ebx + 24]: mods_addr
        0x8b, 0x37,  // mov esi, [edi]
        0x31, 0xd2,  // xor edx, edx
        0x31, 0xc0,  // 7: xor eax, eax
        0xac,  // lodsb
        0x01, 0xc2,  // add edx, eax
        0x3b, 0x77, 0x04,  // cmp esi, [edi + 4]
        0x72, 0xf6,  // jb 7
        0x89, 0xd0,  // mov eax, edx
      ] + Code.writeEAX + Code.end
    let content = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    let folder = try Scratch()
    let run = try FlatImage(sum, entry: "protected@0x100000").boot(
      "--module", try folder.write("large", content))
    #expect(run.output == little(content.reduce(0) { $0 + UInt64($1) }, 4))
  }

  @Test(
    "A flat image is entered in the mode that it was asked for",
    arguments: [("real@0x7c00", 3), ("real@0xf0000", 3), ("protected@0x100000", 1), ("long@0x200000", 0)])
  func modes(entry: String, status: Int32) throws {
    let code: [UInt8] = [
      0x31, 0xc0,  // xor eax, eax
      0x40, 0x90,  // inc eax; nop. In 64-bit mode 40 is a prefix of the NOP.
      0xb9, 0x00, 0x00, 0x04, 0x02,  // mov ecx, 0x2040000. In 16-bit mode mov cx, 0; add al, 2.
      0xe6, 0xf4,  // out 0xf4, al
    ]
    let run = try FlatImage(code, entry: entry).boot()
    #expect(run.status == status)
    #expect(try run.report.exits.byReason == ["io": 1])
  }

  @Test(
    "--cpuid changes what CPUID tells the guest, and only the bits of its mask",
    arguments: [
      ("0:ebx=0x64636261", 0, "abcd"), ("0x0:ebx=0x5a/0xff", 0, "Z"),
      ("0x40000f00:ebx=0x7a797877", 0x4000_0f00, "wxyz"),
    ])
  func cpuid(change: String, leaf: UInt64, text: String) throws {
    let code: [UInt8] =
      [0xb8] + little(leaf, 4)  // mov eax, leaf
      + [0x31, 0xc9, 0x0f, 0xa2, 0x89, 0xd8]  // xor ecx, ecx; cpuid; mov eax, ebx
      + Code.writeEAX + Code.end
    let image = FlatImage(code, entry: "protected@0x100000")
    let run = try image.boot("--cpuid", change)
    #expect(run.text.hasPrefix(text))
    let unchanged = try image.boot()
    #expect(unchanged.output.dropFirst(text.utf8.count) == run.output.dropFirst(text.utf8.count))
    #expect(unchanged.output != run.output)
    #expect(try [nil, 1].contains(run.report.kernel.cpuid))
  }
}
