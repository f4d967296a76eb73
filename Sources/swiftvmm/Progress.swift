import CLinux

/// One line on the terminal that says how far the work is; nothing where stderr is no terminal.
struct Progress {
  let count: Int
  private let isShown = isatty(STDERR_FILENO) == 1
  private static let eraseLine = "\r\u{1b}[K"

  init(count: Int) {
    self.count = count
  }

  /// - Parameter what: is done now, with `index` others behind it.
  func show(_ index: Int, _ what: String) {
    if isShown { writeToStandardError("\(Self.eraseLine)\(index + 1)/\(count) \(what)") }
  }

  func clear() {
    if isShown { writeToStandardError(Self.eraseLine) }
  }
}
