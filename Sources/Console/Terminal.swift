import CLinux

/// The terminal on stdin in raw mode: each key goes to the guest as it is pressed, Ctrl-C included. Restored when
/// the value goes away.
public struct Terminal: ~Copyable {
  private let descriptor: Int32
  private let saved: termios

  /// Nil where `descriptor` is no terminal, or one that another program is using now.
  public init?(descriptor: Int32) {
    var settings = termios()
    guard isatty(descriptor) == 1, tcgetpgrp(descriptor) == getpgrp(),
      unsafe tcgetattr(descriptor, &settings) == 0
    else { return nil }
    saved = settings
    self.descriptor = descriptor
    unsafe cfmakeraw(&settings)
    // Output goes on being translated: the report and the guest's lone newlines stay readable.
    settings.c_oflag |= tcflag_t(OPOST)
    _ = unsafe tcsetattr(descriptor, TCSANOW, &settings)
  }

  deinit {
    var settings = saved
    _ = unsafe tcsetattr(descriptor, TCSANOW, &settings)
  }
}
