extension Substring {
  /// Whether `text` is what this says, where `*` stands for any characters.
  ///
  /// Where the text goes on otherwise, the last star takes one byte more, and no star before it: whatever more an earlier
  /// one took, the last could have. So the steps are at most as many as the product of both lengths.
  func isPattern(for text: Substring) -> Bool {
    let star = UInt8(ascii: "*")
    let pattern = Array(utf8)
    let bytes = Array(text.utf8)
    var (next, place) = (0, 0)
    // What follows the last star in the pattern, and where in the text that was tried.
    var retry: (next: Int, place: Int)?
    while place < bytes.count {
      if next < pattern.count, pattern[next] == star {
        next += 1
        retry = (next, place)
      } else if next < pattern.count, pattern[next] == bytes[place] {
        next += 1
        place += 1
      } else if let last = retry {
        (next, place) = (last.next, last.place + 1)
        retry = (next, place)
      } else {
        return false
      }
    }
    return pattern[next...].allSatisfy { $0 == star }
  }
}
