/// A NIC as the user asks for it: `e1000,backend=sink`.
public struct NICSpecification: Equatable, Sendable, CustomStringConvertible {
  public enum Model: String, CaseIterable, Sendable {
    /// Intel 82540EM on PCI.
    case e1000
    /// virtio-net over virtio-mmio.
    case virtioNet = "virtio-net"
  }

  public enum Backend: String, CaseIterable, Sendable {
    /// Checks each frame.
    case sink
    /// Checks each frame and sends it back.
    case reflector
  }

  public var model: Model
  public var backend = Backend.sink

  /// Parses `MODEL[,backend=BACKEND]`.
  ///
  /// - Throws: ``NICSpecificationError``, which names the word and what may stand there.
  public init(_ text: String) throws(NICSpecificationError) {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    guard let model = words.first.flatMap({ Model(rawValue: String($0)) }) else {
      throw NICSpecificationError(text, "the model is \(Self.list(Model.allCases))")
    }
    self.model = model
    for word in words.dropFirst() {
      let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, pair[0] == "backend" else {
        throw NICSpecificationError(
          text, "'\(word)' is no option; there is backend=\(Self.list(Backend.allCases))")
      }
      guard let backend = Backend(rawValue: String(pair[1])) else {
        throw NICSpecificationError(text, "the backend is \(Self.list(Backend.allCases))")
      }
      self.backend = backend
    }
  }

  public var description: String { "\(model.rawValue),backend=\(backend.rawValue)" }

  private static func list<T: RawRepresentable<String>>(_ cases: [T]) -> String {
    cases.map(\.rawValue).joined(separator: " or ")
  }
}

/// A NIC that cannot be.
public struct NICSpecificationError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ text: String, _ reason: String) {
    description = "NIC '\(text)': \(reason)"
  }
}
