/// A table in plain text: columns of words flush left, the others flush right, as wide as they need.
public struct TextTable: Sendable {
  private var rows: [[String]]

  private let words: Set<Int>

  /// - Parameter words: the columns that are flush left; the first, unless told otherwise.
  public init(_ header: [String], words: Set<Int> = [0]) {
    rows = [header]
    self.words = words
  }

  /// Adds a row, with as many cells as the header.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count == rows[0].count)
    rows.append(cells)
  }

  /// The header, a rule, the rows.
  public var lines: [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let cells = row.indices.map { column in
        let fill = String(repeating: " ", count: widths[column] - row[column].count)
        guard words.contains(column) else { return fill + row[column] }
        return row[column] + (column == widths.count - 1 ? "" : fill)
      }
      return withoutTrailingBlanks(cells.joined(separator: "  "))
    }
    let rule = String(repeating: "-", count: widths.reduce(2 * (widths.count - 1), +))
    return [lines[0], rule] + lines.dropFirst()
  }
}
