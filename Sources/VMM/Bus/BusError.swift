/// Two windows that want the same addresses, or one that lies where none can.
public enum BusError: Error, Equatable, CustomStringConvertible {
  case overlap(String, String, space: Window.Space, at: UInt64)
  case outOfRange(String, space: Window.Space, base: UInt64, count: UInt64)

  public var description: String {
    switch self {
    case .overlap(let one, let other, let space, let address):
      "devices \(one) and \(other) both claim \(space.name) \(hex(address))"
    case .outOfRange(let device, let space, let base, let count):
      "device \(device) claims \(count) of \(space.name) from \(hex(base)), which do not exist"
    }
  }
}
