import Loaders
import Testing
import VMM

@Suite("Manifests")
struct ManifestTests {
  private func image(_ notes: [ELFBuilder.Segment]) throws -> BootImage {
    var elf = ELFBuilder()
    elf.segments = [.init(address: 0x20_0000, content: pattern(16))] + notes
    return try Loaded(elf.build()).image
  }

  private func manifest(_ text: String) throws -> Manifest {
    try #require(try image([noteSegment(text)]).manifest)
  }

  @Test("The example of the documentation")
  func example() throws {
    let expected = try manifest(Good.manifest)
    #expect(expected.summary == "Sends frames")
    #expect(expected.nics == ["e1000,backend=sink"])
    #expect(expected.keys.map(\.name) == ["packets", "driver"])
    #expect(expected.keys[0].defaultValue == "1000")
    #expect(expected.keys[0].domain == .range(1...100_000_000))
    #expect(expected.keys[0].text == "frames to send")
    #expect(expected.keys[1].domain == .choices(["naive", "tuned", "interrupt"]))
    #expect(expected.keys[1].domain.description == "naive|tuned|interrupt")
    #expect(try Loaded(Good.elf32.build()).image.manifest == expected)
  }

  @Test("The note is found among others, in either padding, with or without ending zeros")
  func notes() throws {
    let expected = try manifest(Good.manifest)
    for alignment in [4, 8] {
      // 12 + 6 bytes are padded differently.
      let other = noteSegment("hello", owner: "Linux\0", type: 3, alignment: alignment)
      let otherType = noteSegment("hello", type: 2, alignment: alignment)
      let ours = noteSegment(Good.manifest, alignment: alignment, after: other.content + otherType.content)
      #expect(try image([ours]).manifest == expected)
      #expect(
        try image([other, otherType, noteSegment(Good.manifest, alignment: alignment)]).manifest == expected)
      #expect(try image([other, otherType]).manifest == nil)
    }
    #expect(try image([noteSegment(Good.manifest, owner: "swiftvmm")]).manifest == expected)
    #expect(try image([noteSegment(Good.manifest + "\0\0\0")]).manifest == expected)
    #expect(try image([noteSegment(Good.manifest, owner: "swiftvmX\0")]).manifest == nil)
    #expect(try image([]).manifest == nil)
    #expect(try manifest("") == manifest("\n\n"))
  }

  @Test("An ELF file that is loaded by address fields has its manifest too")
  func addressFields() throws {
    var elf = Good.elf64
    let base: UInt32 = 0x10_0000
    let offset = UInt32(elf.tableOffset + 56 * 3 + 8)
    elf.segments[0].content = multibootHeader(
      flags: 1 << 16, fields: [base + offset, base, 0, 0, base + offset + 32])
    let loaded = try Loaded(elf.build())
    #expect(loaded.image.format == .multibootAddressFields)
    #expect(loaded.image.manifest == (try manifest(Good.manifest)))
  }

  @Test("A note of ours that reaches out of its segment is an error, another's is not")
  func brokenNotes() throws {
    var ours = noteSegment(Good.manifest)
    ours.content[4] = 0xff
    ours.content[5] = 0xff
    expect(.elf(.broken("the swiftvmm note reaches out of its segment"))) {
      _ = try image([ours])
    }
    var other = noteSegment("hello", owner: "GNU\0")
    other.content[4] = 0xff
    #expect(try image([other]).manifest == nil)
    other.content[3] = 0xff
    #expect(try image([other]).manifest == nil)
    var outside = noteSegment(Good.manifest)
    outside.fileSize = 1 << 40
    #expect(throws: LoadError.self) { _ = try image([outside]) }
  }

  @Test(
    "Malformed lines are named",
    arguments: [
      (1, "sumary text"), (1, "summary"), (2, "summary a\nsummary b"), (1, "nic"), (1, "nic a b"), (1, "key"),
      (1, "key packets"), (1, "key packets 1 1..2"), (3, "\n\nkey packets 3 1..2 text"),
      (1, "key p 1 2..1 text"),
      (1, "key p 1 1.. text"), (1, "key p 1 ..1 text"), (1, "key p 1 1..2..3 text"),
      (1, "key p 1 -1..3 text"),
      (1, "key p 1 +1..3 text"), (1, "key p 1 1...3 text"), (1, "key p a a| text"), (1, "key p a |a text"),
      (1, "key p b a|c text"), (1, "key p=q a a|c text"), (2, "key p 1 1..2 text\nkey p 1 1..2 text"),
      (1, "key p 1 0..18446744073709551616 text"), (1, "summary \u{1b}[31mred"), (2, "nic a\nnic \u{7f}"),
      (1, " \u{0}x"), (1, " "),
    ])
  func malformed(line: Int, text: String) throws {
    let error = #expect(throws: LoadError.self) { _ = try manifest(text) }
    guard case .manifest(let problem) = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(problem.line == line)
    #expect(!problem.description.contains("\n") && problem.description.contains("line \(line)"))
  }

  @Test("A manifest that is not UTF-8 is refused")
  func notUTF8() throws {
    var note = noteSegment("summary x")
    note.content[note.content.firstIndex(of: UInt8(ascii: "x"))!] = 0xff
    expect(.manifest(ManifestProblem(line: nil, reason: "it is not UTF-8"))) { _ = try image([note]) }
  }
}
