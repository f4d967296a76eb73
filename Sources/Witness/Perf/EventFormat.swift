/// What a tracepoint's file `format` says (Documentation/trace/events.rst, section 2.2): its number, and where each
/// field lies in its records. Fields move between kernels, so nobody may know their places beforehand.
public struct EventFormat: Equatable, Sendable {
  /// The number that perf_event_open(2) wants.
  public let identifier: UInt64
  /// Read when somebody asks for a field: the counter of CPUIDs, which each start of a guest waits for, does not.
  private let text: String

  /// Reads the number from the file's text; nil where it names none.
  public init?(_ text: String) {
    let line = text.utf8.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: "ID:".utf8) }
    guard let number = line.flatMap({ Substring($0).suffix(behind: "ID:") }), let identifier = UInt64(number)
    else { return nil }
    self.identifier = identifier
    self.text = text
  }

  /// The field of this name, which holds a number. A line that makes no sense is a field that is not there.
  ///
  /// - Throws: ``Unavailable`` where there is none of that name, or one that is no number of 1, 2, 4 or 8 bytes.
  public func field(_ name: String) throws(Unavailable) -> EventField {
    guard let field = text.split(separator: "\n").firstMap({ EventField($0, named: name) }) else {
      throw Unavailable("its records have no field \(name) on this kernel")
    }
    guard [1, 2, 4, 8].contains(field.size) else {
      throw Unavailable("its field \(name) has \(field.size) bytes on this kernel and is no number")
    }
    return field
  }
}

/// Where a tracepoint's records have one of their values.
public struct EventField: Equatable, Sendable {
  /// Bytes from the start of the tracepoint's data.
  public let offset: Int
  /// In bytes.
  public let size: Int
  public let isSigned: Bool

  /// The value, with its sign extended where it has one; nil where the data ends before it.
  @inline(__always)
  public func value(in data: RawSpan) -> UInt64? {
    guard offset + size <= data.byteCount else { return nil }
    let bits = UInt64(64 - 8 * size)
    let value: UInt64
    switch size {
    case 1: value = UInt64(unsafe data.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self))
    case 2: value = UInt64(unsafe data.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    case 4: value = UInt64(unsafe data.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    case 8: value = unsafe data.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    default: return nil
    }
    return isSigned ? UInt64(bitPattern: Int64(bitPattern: value << bits) >> bits) : value
  }
}

extension EventField {
  /// Parses a line like `field:unsigned int port; offset:12; size:4; signed:0;`, nil for any other and for another field.
  fileprivate init?(_ line: Substring, named wanted: String) {
    let parts = line.split(separator: ";")
    guard let declaration = parts.firstMap({ $0.suffix(behind: "field:") }),
      let offset = parts.firstMap({ $0.suffix(behind: "offset:") }).flatMap({ UInt16($0) }),
      let size = parts.firstMap({ $0.suffix(behind: "size:") }).flatMap({ UInt16($0) }),
      let signed = parts.firstMap({ $0.suffix(behind: "signed:") }),
      // As in C: the type's words, the name, and for an array its length in brackets.
      let name = declaration.prefix(while: { $0 != "[" }).split(whereSeparator: { $0 == " " || $0 == "*" })
        .last, name == wanted
    else { return nil }
    self.init(offset: Int(offset), size: Int(size), isSigned: signed == "1")
  }
}

extension Substring {
  /// What stands behind a label, blanks around both left out.
  fileprivate func suffix(behind label: String) -> Substring? {
    let text = drop(while: \.isWhitespace)
    guard text.hasPrefix(label) else { return nil }
    return text.dropFirst(label.count).drop(while: \.isWhitespace)
  }
}

extension Sequence {
  /// The first answer that is not nil.
  fileprivate func firstMap<T>(_ transform: (Element) -> T?) -> T? {
    for element in self {
      if let result = transform(element) { return result }
    }
    return nil
  }
}
