import Foundation
import Testing

/// A terminal with the program in its foreground, and the test at its keyboard.
final class Terminal {
  /// The keyboard and the screen.
  private let master: Int32
  private let slave: Int32
  let child: Child
  private let before: [UInt8]
  private let folder: Scratch?
  /// All that came to the screen in ``readUntil(_:)``.
  private(set) var screen = ""

  /// Boots a guest on a terminal of its own; stderr goes to /dev/null.
  convenience init(_ image: FlatImage, _ options: String...) throws {
    let folder = try Scratch()
    try self.init(
      command: [try Swiftvmm.path(), "boot"] + image.arguments(in: folder) + options, keeping: folder)
  }

  /// Starts a program on a terminal of its own; stderr goes to /dev/null.
  ///
  /// - Parameter folder: of its files.
  init(command: [String], keeping folder: Scratch? = nil) throws {
    self.folder = folder
    var (master, slave): (Int32, Int32) = (-1, -1)
    // Large enough for every table.
    var size = winsize(ws_row: 200, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0)
    try #require(unsafe openpty(&master, &slave, nil, nil, &size) == 0)
    (self.master, self.slave) = (master, slave)
    before = Self.settings(of: slave)
    child = try Child(
      ["setsid", "--ctty"] + command,
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

  /// Waits until a text has come to the screen.
  func readUntil(_ text: String) throws {
    try wait(for: "no '\(text)' comes to the screen") {
      var bytes = [UInt8](repeating: 0, count: 65536)
      var item = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      if unsafe poll(&item, 1, 0) == 1 {
        let length = unsafe Glibc.read(master, &bytes, bytes.count)
        screen += String(decoding: bytes.prefix(max(length, 0)), as: UTF8.self)
      }
      return screen.contains(text)
    }
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
