import Foundation
import Report
import Testing

/// A run of the program that is over.
struct Run {
  let arguments: [String]
  /// Negative where a signal ended it.
  let status: Int32
  let output: [UInt8]
  let errors: String
  /// What is in the file of --json, if there was one.
  let json: Data?

  /// The output as text.
  var text: String { String(decoding: output, as: UTF8.self) }

  var report: RunReport {
    get throws { try JSONDecoder().decode(RunReport.self, from: #require(json, "no report: \(errors)")) }
  }
}

/// The program under test, run as a user runs it.
enum Swiftvmm {
  /// What the program finds on its stdin.
  enum Input {
    /// The end of the input at once.
    case nothing
    /// A pipe with these bytes (64 KiB at most) and then its end.
    case pipe([UInt8])
    case file(String)
  }

  /// Path of the binary.
  static func path() throws -> String {
    let path = ProcessInfo.processInfo.environment["SWIFTVMM_BINARY"]
    return try #require(
      path.flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil },
      """
      these tests run the program itself: 'make test' builds it and names it in SWIFTVMM_BINARY, \
      which is \(path.map { "'\($0)', where no program is" } ?? "not set")
      """)
  }

  /// Runs the program to its end.
  ///
  /// - Parameter wrapper: a command and its first words, in front of the program's.
  static func run(_ arguments: [String], input: Input = .nothing, under wrapper: [String] = []) throws -> Run
  {
    let folder = try Scratch()
    let output = try folder.create("stdout")
    let errors = try folder.create("stderr")
    let pipe = try pipe(for: input)
    let child = try Child(
      wrapper + [try path()] + arguments,
      [input.stream(pipe), .descriptor(output.fileDescriptor), .descriptor(errors.fileDescriptor)])
    let status = child.wait()
    let json = arguments.firstIndex(of: "--json").map { arguments[$0 + 1] }
    return Run(
      arguments: arguments, status: status, output: try folder.bytes("stdout"),
      errors: String(decoding: try folder.bytes("stderr"), as: UTF8.self),
      json: json.flatMap { FileManager.default.contents(atPath: $0) })
  }

  /// Boots a guest, with --json, and checks that its report is one whole (``checkSums(_:_:)``).
  static func boot(
    _ arguments: [String], input: Input = .nothing, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Run {
    let folder = try Scratch()
    let run = try run(["boot"] + arguments + ["--json", folder.path("report.json")], input: input)
    checkSums(try run.report, sourceLocation)
    return run
  }

  static func boot(
    _ arguments: String..., input: Input = .nothing, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Run {
    try boot(arguments, input: input, sourceLocation: sourceLocation)
  }

  /// A pipe with the input in it, where there is to be one.
  private static func pipe(for input: Input) throws -> FileHandle? {
    guard case .pipe(let bytes) = input else { return nil }
    let (reader, writer) = makePipe()
    try writer.write(contentsOf: bytes)
    try writer.close()
    return reader
  }
}

extension Swiftvmm.Input {
  fileprivate func stream(_ pipe: FileHandle?) -> Child.Stream {
    switch self {
    case .nothing: .path("/dev/null")
    case .file(let path): .path(path)
    case .pipe: .descriptor(pipe!.fileDescriptor)
    }
  }
}

/// A folder for the files of one test, which goes with the test.
final class Scratch: Sendable {
  private let url = FileManager.default.temporaryDirectory.appending(path: "swiftvmm-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  /// Writes a file; its path.
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: url.appending(path: name))
    return path(name)
  }

  /// An empty file, open for writing.
  func create(_ name: String) throws -> FileHandle {
    let path = try write(name, [])
    return try #require(FileHandle(forWritingAtPath: path))
  }

  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: url.appending(path: name)))
  }
}
