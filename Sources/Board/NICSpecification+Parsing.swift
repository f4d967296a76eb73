import NetBackends
import VMM
import Virtio

extension NICSpecification {
  /// Parses `MODEL[,backend=B][,OPTION=VALUE]...`; the model's usual values stand for what is not given.
  ///
  /// - Throws: ``NICSpecificationError``, which names the word and what may stand there.
  public init(_ text: String) throws(NICSpecificationError) {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    guard let model = words.first.flatMap({ Model(name: $0) }) else {
      throw NICSpecificationError(
        text, "the model is \(list(Model.allCases)); virtio-net is short for virtio-net-mmio")
    }
    self.init(model)
    var options = try NICOptions(words.dropFirst(), of: text)
    backend = try options.backend()
    if let bytes = try options.value("mac", "six bytes like 52:54:00:12:34:56, no group address", macAddress)
    {
      mac = bytes
    }
    pcap = try options.value("pcap", "the path of a file") { $0.isEmpty ? nil : String($0) }
    if model == .e1000 {
      coalesced = try options.choice("coalesced") ?? .none
      if let queue: QueueService = try options.choice("queue"), queue != .vcpu {
        throw NICSpecificationError(text, "'queue=\(queue.rawValue)': the vCPU serves an E1000")
      }
    } else {
      queue = try options.choice("queue") ?? .vcpu
      if let isOn = try options.value("ioeventfd", "on or off", { ["on": true, "off": false][$0] }) {
        guard queue != .vcpu else {
          throw NICSpecificationError(
            text,
            "'ioeventfd=\(isOn ? "on" : "off")': it wakes the thread of queue=thread, adaptive or poll"
          )
        }
        ioeventfd = isOn
      }
      mtu = try options.value("mtu", "68 to 65535") {
        parseDecimal($0).flatMap { (68...65535).contains($0) ? UInt16($0) : nil }
      }
    }
    try options.finish()
  }
}

/// A NIC that cannot be.
public struct NICSpecificationError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ text: String, _ reason: String) {
    description = "NIC '\(text)': \(reason)"
  }
}

/// The options of one NIC, each to be taken by whoever knows it.
private struct NICOptions {
  private let text: String
  private var rest: [(key: Substring, value: Substring)] = []
  /// The keys that were asked for: those that may stand there.
  private var known: [String] = []

  init(_ words: ArraySlice<Substring>, of text: String) throws(NICSpecificationError) {
    self.text = text
    for word in words {
      let pair = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { throw NICSpecificationError(text, "'\(word)' is not like OPTION=VALUE") }
      guard !rest.contains(where: { $0.key == pair[0] }) else {
        throw NICSpecificationError(text, "'\(word)': \(pair[0]) is given twice")
      }
      rest.append((pair[0], pair[1]))
    }
  }

  /// Takes an option's value, nil where it is not given.
  mutating func value<T>(
    _ key: String, _ range: String, _ parse: (Substring) -> T?
  ) throws(NICSpecificationError) -> T? {
    known.append(key)
    guard let index = rest.firstIndex(where: { $0.key == key }) else { return nil }
    let value = rest.remove(at: index).value
    guard let parsed = parse(value) else {
      throw NICSpecificationError(text, "'\(key)=\(value)': \(key) is \(range)")
    }
    return parsed
  }

  mutating func choice<T: RawRepresentable<String> & CaseIterable>(
    _ key: String
  ) throws(NICSpecificationError) -> T? {
    try value(key, list(T.allCases)) { T(rawValue: String($0)) }
  }

  mutating func backend() throws(NICSpecificationError) -> NICSpecification.Backend {
    switch try choice("backend") ?? BackendName.sink {
    case .none: return .none
    case .sink: return .sink
    case .reflector: return .reflector
    case .source:
      let size = try value("size", Source.sizesText) {
        parseDecimal($0).flatMap { Int(exactly: $0) }.flatMap { Source.isSize($0) ? $0 : nil }
      }
      let frames = try value("frames", "a number, 0 for no end", parseDecimal)
      return .source(size: size ?? NICSpecification.Backend.defaultSize, frames: frames ?? 0)
    case .tap:
      let name = try value("ifname", "1 to 15 characters without blanks, '/', ':' and '%'", interfaceName)
      guard let name else { throw NICSpecificationError(text, "backend=tap needs ifname=NAME") }
      return .tap(interface: name)
    case .passt:
      let path = try value("socket", "a path of 1 to 107 bytes") {
        (1...107).contains($0.utf8.count) ? String($0) : nil
      }
      guard let path else { throw NICSpecificationError(text, "backend=passt needs socket=PATH") }
      return .passt(socket: path)
    case .bridge: return .bridge
    }
  }

  /// - Throws: for an option that nobody took.
  func finish() throws(NICSpecificationError) {
    guard let option = rest.first else { return }
    throw NICSpecificationError(
      text, "'\(option.key)=\(option.value)' is no option here; there is \(known.joined(separator: ", "))")
  }
}

/// The back ends of the command line.
private enum BackendName: String, CaseIterable {
  case none, sink, reflector, source, tap, passt, bridge
}

/// What the kernel takes as an interface's name; '%' would make it choose a number.
private func interfaceName(_ text: Substring) -> String? {
  guard (1...15).contains(text.utf8.count), text != ".", text != ".." else { return nil }
  return text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"/:%".utf8.contains($0) } ? String(text) : nil
}

/// The address of one station: neither zero nor of a group.
private func macAddress(_ text: Substring) -> [UInt8]? {
  let bytes = text.split(separator: ":", omittingEmptySubsequences: false).compactMap { part in
    part.utf8.count == 2 ? parseHexadecimal(part).flatMap { UInt8(exactly: $0) } : nil
  }
  guard bytes.count == 6, text.utf8.count == 17, bytes[0] & 1 == 0, bytes != [0, 0, 0, 0, 0, 0] else {
    return nil
  }
  return bytes
}

/// `a`, `a or b`, `a, b or c`.
private func list<T: RawRepresentable<String>>(_ cases: some Collection<T>) -> String {
  let names = cases.map(\.rawValue)
  guard names.count > 1, let last = names.last else { return names.first ?? "" }
  return names.dropLast().joined(separator: ", ") + " or " + last
}
