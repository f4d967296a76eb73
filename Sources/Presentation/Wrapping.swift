/// `text` in lines of at most `width` characters, broken between words. A word that is longer has a line to itself.
public func wrapped(_ text: String, width: Int) -> [String] {
  var lines: [String] = []
  for word in text.split(separator: " ") {
    if let last = lines.last, last.count + 1 + word.count <= width {
      lines[lines.count - 1] += " " + word
    } else {
      lines.append(String(word))
    }
  }
  return lines
}

/// `text` beside `head`, in lines of at most `width` characters; those after the first begin below its first word.
public func hanging(_ head: String, _ text: String, width: Int) -> [String] {
  let margin = String(repeating: " ", count: head.count)
  return wrapped(text, width: width - head.count).enumerated().map { ($0 == 0 ? head : margin) + $1 }
}

/// `line` up to its last character that is no blank.
package func withoutTrailingBlanks(_ line: String) -> String {
  String(line[..<(line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex)])
}
