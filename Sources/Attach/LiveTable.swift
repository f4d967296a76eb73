/// Draws frames in place on a terminal: each over the one before (ECMA-48: CUU, ED).
public struct LiveTable {
  private var height = 0

  public init() {}

  /// What to write to the terminal to show `lines` in place of those shown before.
  ///
  /// - Parameters:
  ///   - rows, columns: of the terminal. What does not fit is cut off, for a line that wraps or scrolls away would never
  ///     be drawn over; the last line then says so.
  public mutating func frame(_ lines: [String], rows: Int, columns: Int) -> String {
    // The cursor's line below the frame takes one row.
    let room = max(1, rows - 1)
    var shown = lines.count <= room ? lines : Array(lines.prefix(room - 1))
    if shown.count < lines.count { shown.append("(\(lines.count - shown.count) more lines at the end)") }
    let text = erasure + shown.map { $0.prefix(max(1, columns)) + "\n" }.joined()
    height = shown.count
    return text
  }

  /// What to write to the terminal to take the last frame away.
  public mutating func clear() -> String {
    defer { height = 0 }
    return erasure
  }

  private var erasure: String { height == 0 ? "" : "\r\u{1b}[\(height)A\u{1b}[J" }
}
