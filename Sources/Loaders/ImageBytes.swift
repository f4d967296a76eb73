import VMM

extension MemoryView {
  /// The bytes of `what`, at an offset and of a length that the image itself gives.
  ///
  /// - Throws: ``LoadProblem/truncated(_:end:count:)`` where they do not all lie in the image.
  func part(_ what: String, at offset: UInt64, count length: UInt64) throws(LoadProblem) -> MemoryView {
    guard let start = Int(exactly: offset), let size = Int(exactly: length), let part = slice(start, size)
    else {
      let (end, overflow) = offset.addingReportingOverflow(length)
      throw .truncated(what, end: overflow ? .max : end, count: count)
    }
    return part
  }
}
