/// A table in plain text: the first column flush left, the others flush right, as wide as they need.
public struct TextTable: Sendable {
  private var rows: [[String]]

  public init(_ header: [String]) {
    rows = [header]
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
      row.indices.map { column in
        let fill = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + fill : fill + row[column]
      }.joined(separator: "  ")
    }
    let rule = String(repeating: "-", count: lines[0].count)
    return [lines[0], rule] + lines.dropFirst()
  }
}
