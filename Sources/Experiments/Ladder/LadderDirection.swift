/// What the guest of a rung does with its packets.
public enum LadderDirection: String, CaseIterable, Codable, Sendable {
  /// Sends them, and a sink checks each.
  case transmit
  /// Is sent them, and checks each.
  case receive
  /// Sends one, and waits until a reflector has sent it back, before the next: ping-pong.
  case echo

  /// The last part of an image's name.
  var imageSuffix: String {
    switch self {
    case .transmit: "tx"
    case .receive: "rx"
    case .echo: "echo"
    }
  }

  var backend: String {
    switch self {
    case .transmit: "sink"
    case .receive: "source"
    case .echo: "reflector"
    }
  }
}

/// The sizes at which packets travel.
public enum LadderSize: String, CaseIterable, Codable, Sendable {
  /// The smallest frame: 64 bytes on the wire, 60 without the check sequence.
  case smallest = "64"
  /// The largest without jumbo frames.
  case largest = "1514"
  /// One frame of 45 TCP segments, which the device or its far end cuts.
  case offloaded = "64K"

  /// Bytes of a frame without the check sequence.
  public var bytes: Int {
    switch self {
    case .smallest: 60
    case .largest: 1514
    case .offloaded: 65214
    }
  }
}
