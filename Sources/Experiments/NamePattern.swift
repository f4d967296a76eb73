extension Substring {
  /// Whether `text` is what this says, where `*` stands for any characters.
  func isPattern(for text: Substring) -> Bool {
    guard let first else { return text.isEmpty }
    let rest = dropFirst()
    guard first == "*" else { return text.first == first && rest.isPattern(for: text.dropFirst()) }
    return rest.isPattern(for: text[text.endIndex...])
      || text.indices.contains { rest.isPattern(for: text[$0...]) }
  }
}
