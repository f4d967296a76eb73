extension Manifest {
  /// Checks the words that the user wrote for the guest.
  ///
  /// - Throws: ``LoadError`` for a word without `=`, a key unknown or given twice, a value out of range.
  public func check(_ commandLine: String) throws(LoadError) {
    var seen: Set<Substring> = []
    for word in commandLine.split(whereSeparator: \.isWhitespace) {
      do throws(LoadProblem) {
        let name = try check(word: word)
        guard seen.insert(name).inserted else { throw .commandLine(.duplicateKey) }
      } catch {
        throw LoadError(String(word), error)
      }
    }
  }

  /// The key that `word` sets.
  private func check(word: Substring) throws(LoadProblem) -> Substring {
    guard let equals = word.firstIndex(of: "=") else { throw .commandLine(.wordWithoutValue) }
    let name = word[..<equals]
    let value = word[word.index(after: equals)...]
    guard let key = keys.first(where: { $0.name == name }) else {
      let names = keys.map(\.name)
      throw .commandLine(.unknownKey(known: names, nearest: nearest(to: name, in: names)))
    }
    guard key.domain.contains(value) else { throw .commandLine(.valueOutOfRange(key.domain)) }
    return name
  }
}
