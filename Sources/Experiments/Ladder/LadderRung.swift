/// One technology of the ladder: a NIC, how its driver uses it, and what the study guide says of that.
public struct LadderRung: Sendable {
  /// The NICs that rungs are made of.
  enum Model: String, Sendable {
    case e1000
    case virtioPCI = "virtio-net-pci"
    case virtioMMIO = "virtio-net-mmio"

    var image: String { self == .e1000 ? "e1000" : "virtio-net" }
  }

  /// On the command line: `virtio-msix`.
  public let name: String
  /// For people.
  public let title: String
  let model: Model
  /// Options of the NIC beside its back end.
  let options: [String]
  /// The driver's words.
  let words: [String]
  /// Packets in one notification.
  let batch: Int
  let directions: Set<LadderDirection>
  /// The driver can leave the cutting of large frames to the device.
  let offloads: Bool
  /// Every run takes the same exits: nobody but the vCPU serves the rings, and no clock delays anything.
  let isExact: Bool
  /// The guide's words, nil where it does not know the rung.
  let guide: String?
  /// What is done, and why the count is what it is.
  let explanation: String

  init(
    _ name: String, _ title: String, _ model: Model, options: [String] = [], words: [String] = [],
    batch: Int = 1, directions: Set<LadderDirection> = Set(LadderDirection.allCases), offloads: Bool = false,
    isExact: Bool = true, guide: String? = nil, _ explanation: String
  ) {
    self.name = name
    self.title = title
    self.model = model
    self.options = options
    self.words = words
    self.batch = batch
    self.directions = directions
    self.offloads = offloads
    self.isExact = isExact
    self.guide = guide
    self.explanation = explanation
  }

  /// From emulation to no exit at all.
  public static let all: [LadderRung] = e1000 + virtio

  /// The rungs that a selection names, in the ladder's order, each once.
  ///
  /// - Parameter text: names parted by commas, with `*` for any characters.
  /// - Returns: nil where one of them names no rung; the first such is in `unknown`.
  public static func selected(by text: String, unknown: inout String) -> [LadderRung]? {
    let patterns = text.split(separator: ",", omittingEmptySubsequences: false)
    for pattern in patterns where !all.contains(where: { pattern.isPattern(for: $0.name[...]) }) {
      unknown = String(pattern)
      return nil
    }
    return all.filter { rung in patterns.contains { $0.isPattern(for: rung.name[...]) } }
  }
}
