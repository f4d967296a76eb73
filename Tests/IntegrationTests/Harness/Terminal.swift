import Foundation
import Testing

/// A terminal with the program in its foreground, and the test at its keyboard.
final class Terminal {
  /// The keyboard and the screen.
  private let master: Int32
  private let slave: Int32
  let child: Child
  private let before: [UInt8]
  private let folder = try! Scratch()

  /// Starts the program on a terminal of its own; stderr goes to /dev/null.
  init(_ image: FlatImage, _ options: String...) throws {
    var (master, slave): (Int32, Int32) = (-1, -1)
    try #require(unsafe openpty(&master, &slave, nil, nil, nil) == 0)
    (self.master, self.slave) = (master, slave)
    before = Self.settings(of: slave)
    let arguments = try image.arguments(in: folder)
    child = try Child(
      ["setsid", "--ctty", try Swiftvmm.path(), "boot"] + arguments + options,
      [.descriptor(slave), .descriptor(slave), .path("/dev/null")])
  }

  deinit {
    close(master)
    close(slave)
  }

  /// Every setting there is.
  private static func settings(of terminal: Int32) -> [UInt8] {
    var settings = termios()
    unsafe tcgetattr(terminal, &settings)
    return unsafe withUnsafeBytes(of: &settings) { unsafe Array($0) }
  }

  /// Neither the line discipline nor Ctrl-C stands between the keyboard and the guest.
  var isRaw: Bool {
    var settings = termios()
    unsafe tcgetattr(slave, &settings)
    return settings.c_lflag & tcflag_t(ICANON | ECHO | ISIG) == 0
  }

  var isAsBefore: Bool { Self.settings(of: slave) == before }

  func type(_ bytes: [UInt8]) {
    _ = unsafe bytes.withUnsafeBytes { unsafe write(master, $0.baseAddress, $0.count) }
  }

  /// What is on the screen, once there is as much as this.
  func read(_ count: Int) throws -> [UInt8] {
    var screen: [UInt8] = []
    try wait(for: "nothing more comes") {
      var bytes = [UInt8](repeating: 0, count: count - screen.count)
      var item = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&item, 1, 0) == 1 else { return false }
      let length = unsafe Glibc.read(master, &bytes, bytes.count)
      screen += bytes.prefix(max(length, 0))
      return screen.count == count
    }
    return screen
  }
}
