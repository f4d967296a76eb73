import Foundation
import TestSupport
import Testing

@Suite("A terminal is raw while the guest runs, and afterwards as it was", .requiresKVM, .sameOnEveryHost)
struct TerminalTests {
  /// Waits for a key and then crashes, for want of an IDT.
  private static let crashesAtKey = FlatImage(
    [
      0x66, 0xba, 0xfd, 0x03,  // mov dx, LSR
      0xec,  // 4: in al, dx
      0xa8, 0x01,  // test al, data ready
      0x74, 0xfb,  // jz 4
      0x0f, 0x0b,  // ud2
    ], entry: "protected@0x100000")

  /// Waits until the terminal is raw, lets `happen` happen, and expects the end with `status`.
  private func expectRestored(
    _ image: FlatImage, status: Int32, _ option: String = "--time-limit=60",
    after happen: (Terminal) throws -> Void
  ) throws {
    let terminal = try Terminal(image, option)
    try wait(for: "the terminal never becomes raw") { terminal.isRaw }
    try happen(terminal)
    #expect(terminal.child.wait() == status)
    #expect(terminal.isAsBefore)
  }

  @Test("The guest's own end; keys come at once and unchanged, Ctrl-C and the doubled Ctrl-A among them")
  func normalEnd() throws {
    try expectRestored(FlatImage(Code.echo), status: 0) { terminal in
      terminal.type([0x61])
      let first = try terminal.read(1)
      #expect(first == [0x61])
      terminal.type([0x03, 0x01, 0x01, 0x1a, 0x0d, 0x7f])
      let rest = try terminal.read(5)
      #expect(rest == [0x03, 0x01, 0x1a, 0x0d, 0x7f])
      terminal.type([0x71])
    }
  }

  @Test("The time limit")
  func timeLimit() throws {
    try expectRestored(FlatImage(Code.echo), status: 36, "--time-limit=0.8") { _ in }
  }

  @Test("Ctrl-A x")
  func controlA() throws {
    try expectRestored(FlatImage(Code.echo), status: 130) { $0.type([0x01, 0x78]) }
  }

  @Test("A signal", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signal(number: Int32) throws {
    try expectRestored(FlatImage(Code.echo), status: 130) { $0.child.send(number) }
  }

  @Test("A triple fault")
  func tripleFault() throws {
    try expectRestored(Self.crashesAtKey, status: 33) { $0.type([0x20]) }
  }

  @Test("Without a terminal a signal is status 130 as well", arguments: [SIGINT, SIGTERM])
  func noTerminal(number: Int32) throws {
    let folder = try Scratch()
    let (screen, stdout) = makePipe()
    let (stdin, keyboard) = makePipe()
    let child = try Child(
      [try Swiftvmm.path(), "boot"] + FlatImage(Code.echo).arguments(in: folder),
      [.descriptor(stdin.fileDescriptor), .descriptor(stdout.fileDescriptor), .path("/dev/null")])
    try keyboard.write(contentsOf: Data("a".utf8))
    #expect(try screen.read(upToCount: 1) == Data("a".utf8))
    child.send(number)
    #expect(child.wait() == 130)
  }
}
