import Foundation
import TestSupport
import Testing

/// The machine code of the exit path, as it is in the program that users run.
///
/// Swift puts reference counts and exclusivity checks where its optimiser cannot do without them, and an innocent change
/// can bring them back; so the code is read, not the source.
@Suite(.sameOnEveryHost) struct MachineCodeTests {
  /// What the exit path must not call: reference counting, allocation, locks, exclusivity checks, metadata look-ups.
  private static let forbidden = [
    "swift_", "__swift_", "malloc", "calloc", "realloc", "free", "posix_memalign", "pthread_", "__lll_",
    "sem_", "futex",
  ]
  @Test func `the run loops call nothing that allocates, counts references or locks`() throws {
    let loops = try MachineCode.functions { $0.contains("3VMM7RunLoopO") }
    #expect(loops.count == 2, "the loop with chores and the loop without")
    for loop in loops { #expect(Self.violations(loop.calls).isEmpty, "\(loop.name)") }
    let calls = loops.flatMap(\.calls)
    #expect(
      calls.contains { $0.contains("VCPUThread") },
      "what is rare is out of line, so the listing is the right one")
  }

  @Test func `the registers of devices are read and written without them`() throws {
    let devices = [
      "6Serial4UARTC", "5E1000AAC", "6Virtio0A4MMIOC", "8Platform5ProbeC", "8Platform12DebugConsoleC",
    ]
    let accesses = ["4ready", "4reads", "5writey", "8readByte", "9writeByte"]
    let handlers = try MachineCode.functions { name in
      devices.contains { device in accesses.contains { name.hasPrefix("$s\(device)\($0)") } }
        && !name.contains("XEfu_")  // the text of a fault
    }
    for device in devices {
      #expect(handlers.contains { $0.name.hasPrefix("$s\(device)") }, "\(device) is in the listing")
    }
    for handler in handlers { #expect(Self.violations(handler.calls).isEmpty, "\(handler.name)") }
  }

  private static func violations(_ calls: [String]) -> [String] {
    calls.filter { call in forbidden.contains { call.hasPrefix($0) } }
  }
}

/// A function of the release binary, and whom it calls or jumps to, by name.
private struct MachineCode {
  let name: String
  let calls: [String]

  /// The functions whose names the filter wants.
  static func functions(_ isWanted: (Substring) -> Bool) throws -> [MachineCode] {
    let binary = try #require(
      ProcessInfo.processInfo.environment["SWIFTVMM_SYMBOLS"],
      "SWIFTVMM_SYMBOLS names the release binary before it is stripped; use make test")
    // ADDRESS SIZE TYPE NAME
    let symbols = try run("nm", ["--defined-only", "--print-size", binary]).split(separator: "\n")
    return try symbols.compactMap { line in
      let fields = line.split(separator: " ", maxSplits: 3)
      guard fields.count == 4, "tT".contains(fields[2]), isWanted(fields[3]),
        let start = UInt64(fields[0], radix: 16), let size = UInt64(fields[1], radix: 16)
      else { return nil }
      let listing = try run(
        "objdump",
        [
          "--disassemble", "--no-show-raw-insn", "--start-address=\(start)", "--stop-address=\(start + size)",
          binary,
        ])
      return MachineCode(name: String(fields[3]), calls: calls(in: listing))
    }
  }

  /// Of lines like `50fa: call 4be2 <NAME>` and `jmp 4be2 <NAME+0x10>`, the names without an offset.
  private static func calls(in listing: String) -> [String] {
    listing.split(separator: "\n").compactMap { line in
      guard line.contains("call") || line.contains("\tj"), let open = line.firstIndex(of: "<"),
        line.hasSuffix(">"),
        !line.contains("+")
      else { return nil }
      return String(line[line.index(after: open)...].dropLast())
    }
  }

  private static func run(_ tool: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/\(tool)")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(tool) failed")
    return String(decoding: output, as: UTF8.self)
  }
}
