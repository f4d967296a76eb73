import Loaders
import Testing
import VMM

/// A file in memory, alive as long as this is.
final class File: Sendable {
  private let buffer: HostBuffer
  let view: MemoryView

  init(_ bytes: [UInt8]) {
    buffer = HostBuffer(count: max(1, bytes.count))
    buffer.view.copy(from: bytes)
    view = buffer.view.slice(0, bytes.count)!
  }
}

/// An image loaded to guest memory.
struct Loaded {
  let file: File
  let memory: GuestMemory
  let image: BootImage
  let state: EntryState

  init(
    _ bytes: [UInt8], entry: FlatEntry? = nil, memory size: UInt64 = 4 << 20, commandLine: String = "",
    modules: [(bytes: [UInt8], text: String)] = [], filledWith filler: UInt8 = 0,
    firmware: FirmwareTable? = nil
  ) throws {
    file = File(bytes)
    memory = try GuestMemory(size: size)
    if filler != 0 { memory.slots[0].view.copy(from: [UInt8](repeating: filler, count: Int(size))) }
    image = try BootImage(file.view, name: "test", entry: entry)
    let files = modules.map { File($0.bytes) }
    let given = zip(files, modules).map { BootModule($0.view, text: $1.text) }
    state = try image.load(into: memory, commandLine: commandLine, modules: given, firmware: firmware)
    withExtendedLifetime(files) {}
  }

  func bytes(at address: UInt64, count: Int) -> [UInt8] {
    memory.view(at: address, count: count)!.bytes
  }

  func word(at address: UInt64) -> UInt32 {
    memory.view(at: address, count: 4)!.load(at: 0)
  }

  func quad(at address: UInt64) -> UInt64 {
    memory.view(at: address, count: 8)!.load(at: 0)
  }

  /// The bytes up to a zero.
  func string(at address: UInt64) -> String {
    var bytes: [UInt8] = []
    var next = address
    while let byte = memory.view(at: next, count: 1)?.load(UInt8.self, at: 0), byte != 0 {
      bytes.append(byte)
      next += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The pages of the first slot with anything in them.
  var usedPages: Set<Int> { LoadersTests.usedPages(memory) }
}

func usedPages(_ memory: GuestMemory) -> Set<Int> {
  let view = memory.slots[0].view
  return Set(
    stride(from: 0, to: view.count, by: 4096).lazy.filter { page in
      stride(from: page, to: page + 4096, by: 8).contains { view.load(UInt64.self, at: $0) != 0 }
    }.map { $0 / 4096 })
}

/// Expects that `body` fails with this problem, and that it says so in one line.
func expect(
  _ problem: LoadProblem, _ location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  let error = #expect(throws: LoadError.self, sourceLocation: location, performing: body)
  guard let error else { return }
  #expect(error.problem == problem, sourceLocation: location)
  let text = error.description
  #expect(text.count > 20 && text.count < 220 && !text.contains("\n"), sourceLocation: location)
}

/// Bytes that are all different from zero and from their neighbours.
func pattern(_ count: Int, from first: Int = 0) -> [UInt8] {
  (0..<count).map { UInt8(($0 + first) % 251 + 1) }
}

/// Good images of each format, each with about everything that the format has.
enum Good {
  static let manifest = """
    summary Sends frames
    nic e1000,backend=sink
    key packets 1000 1..100000000 frames to send
    key driver naive naive|tuned|interrupt how the driver uses the registers

    """

  static let elf64 = ELFBuilder(segments: [
    .init(address: 0x20_0000, content: pattern(100), memory: 5000), noteSegment(manifest),
    .init(address: 0x10_0000, content: pattern(50, from: 9)),
  ])

  /// Linked 1 MiB below 3 GiB up, loaded at 1 MiB.
  static let elf32 = ELFBuilder.elf32(
    [
      .init(
        address: 0x10_0000, virtual: 0xc010_0000, content: multibootHeader(flags: 3) + pattern(60),
        memory: 0x800),
      .init(address: 0x10_2000, virtual: 0xc010_2000, content: pattern(33)),
      noteSegment(manifest),
    ], entry: 0xc010_000c)

  /// Text at 0x100000, whose header is 16 bytes in, behind 8 bytes that are not loaded.
  static let addressFields: [UInt8] =
    pattern(8) + pattern(16)
    + multibootHeader(
      flags: 1 << 16, fields: [0x10_0010, 0x10_0000, 0x10_0060, 0x10_0800, 0x10_0030])
    + pattern(100)
}
