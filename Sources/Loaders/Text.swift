/// A size in whole MiB, rounded up: what one would give a guest.
func mebibytes(_ count: UInt64) -> String {
  "\(count / (1 << 20) + (count % (1 << 20) == 0 ? 0 : 1)) MiB"
}

/// The candidate that `word` is probably meant to be, nil where none is near.
func nearest(to word: some StringProtocol, in candidates: [String]) -> String? {
  let tolerance = max(1, word.utf8.count / 3)
  var best: (distance: Int, candidate: String)?
  for candidate in candidates where abs(candidate.utf8.count - word.utf8.count) <= tolerance {
    let distance = editDistance(Array(word.utf8), Array(candidate.utf8))
    if distance <= tolerance, distance < best?.distance ?? .max { best = (distance, candidate) }
  }
  return best?.candidate
}

/// How many bytes must be inserted, deleted, replaced, or exchanged with their neighbour to make one word
/// the other.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
