/// A rung in one direction and at one size: a guest, its words and its NIC.
public struct LadderTrial: Sendable {
  public let rung: LadderRung
  public let direction: LadderDirection
  public let size: LadderSize
  public let packets: Int

  /// - Parameter packets: frames of 1514 bytes and less; of large ones there are fewer, for the same segments.
  /// - Returns: nil where the rung has no such trial.
  public init?(_ rung: LadderRung, _ direction: LadderDirection, _ size: LadderSize, packets: Int) {
    guard rung.directions.contains(direction) else { return nil }
    if size == .offloaded {
      // The E1000 has no such thing for frames that it receives, and none that it could send back.
      guard rung.offloads, direction == .transmit || rung.model != .e1000 else { return nil }
    }
    self.rung = rung
    self.direction = direction
    self.size = size
    self.packets = size == .offloaded ? max(1, packets / 10) : packets
  }

  /// Of the selection, rung by rung within each direction and size.
  public static func all(
    _ rungs: [LadderRung], _ directions: [LadderDirection], _ sizes: [LadderSize], packets: Int
  ) -> [LadderTrial] {
    directions.flatMap { direction in
      sizes.flatMap { size in
        rungs.compactMap { LadderTrial($0, direction, size, packets: packets) }
      }
    }
  }

  var image: String { "\(rung.model.image)-\(direction.imageSuffix)" }

  /// What the image is told.
  var words: [String] {
    var words = ["packets=\(packets)"] + rung.words
    // The naive driver knows no batches, and an echo goes one by one.
    if direction == .echo {
      words += ["batch=1", "latency=1"]
    } else if !rung.words.contains("driver=naive") {
      words.append("batch=\(min(rung.batch, packets))")
    }
    words.append("size=\(size.bytes)")
    if size == .offloaded { words.append("tso=1") }
    return words
  }

  /// As `--nic` takes it.
  var nic: String {
    var parts = [rung.model.rawValue, "backend=\(direction.backend)"] + rung.options
    if direction == .receive { parts.append("size=\(size.bytes)") }
    return parts.joined(separator: ",")
  }

  /// The whole, to be repeated by hand.
  var command: String { "swiftvmm boot builtin:\(image) \(words.joined(separator: " ")) --nic \(nic)" }
}
