import VMM

extension MemoryView {
  /// The bytes of `what`, at an offset and of a length that the image itself gives.
  ///
  /// - Throws: ``LoadProblem/truncated(_:end:count:)`` where they do not all lie in the image.
  func part(_ what: String, at offset: UInt64, count length: UInt64) throws(LoadProblem) -> MemoryView {
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end <= UInt64(count),
      let part = slice(Int(truncatingIfNeeded: offset), Int(truncatingIfNeeded: length))
    else { throw .truncated(what, end: overflow ? .max : end, count: count) }
    return part
  }
}
