import Testing

/// A few bytes of machine code as an image file.
struct FlatImage {
  let code: [UInt8]
  /// Argument of --entry; nil where the file says itself where it goes.
  let entry: String?

  init(_ code: [UInt8], entry: String? = "real@0x1000") {
    self.code = code
    self.entry = entry
  }

  /// Where the file is, in a folder that lives as long as the caller keeps it, and how to boot it.
  func arguments(in folder: Scratch) throws -> [String] {
    [try folder.write("image", code)] + (entry.map { ["--entry", $0] } ?? [])
  }

  /// Boots the image to its end.
  func boot(_ arguments: String..., input: Swiftvmm.Input = .nothing) throws -> Run {
    let folder = try Scratch()
    return try Swiftvmm.boot(self.arguments(in: folder) + arguments, input: input)
  }
}

/// Code that tests share, as bytes and as an assembler prints it.
enum Code {
  /// Ends the run with status 0. In every mode.
  static let end: [UInt8] = [
    0xb0, 0x00,  // mov al, 0
    0xe6, 0xf4,  // out 0xf4, al
  ]

  /// Writes the four bytes of EAX to the debug console, the lowest first. In 32-bit and 64-bit mode.
  static let writeEAX: [UInt8] = Array(
    repeatElement(
      [
        0xe6, 0xe9,  // out 0xe9, al
        0xc1, 0xe8, 0x08,  // shr eax, 8
      ], count: 4
    ).joined())

  /// Waits for a byte from the UART. In 16-bit mode.
  static let waitForKey: [UInt8] = [
    0xba, 0xfd, 0x03,  // mov dx, LSR
    0xec,  // 3: in al, dx
    0xa8, 0x01,  // test al, data ready
    0x74, 0xfb,  // jz 3
  ]

  /// Sends back each byte from the UART until 'q', which ends the run. In 16-bit mode.
  static let echo: [UInt8] =
    waitForKey + [
      0xba, 0xf8, 0x03,  // mov dx, RBR
      0xec,  // in al, dx
      0x3c, 0x71,  // cmp al, 'q'
      0x74, 0x03,  // je 19
      0xee,  // out dx, al
      0xeb, 0xed,  // jmp 0
    ] + end
}
