/// The devices that KVM itself models (KVM_CREATE_IRQCHIP, KVM_CREATE_PIT2), and the addresses at which it answers.
public struct KernelDevice: Sendable {
  /// `lapic`, `pic`
  public let name: String
  private let places: [Place]

  private struct Place {
    let space: Window.Space
    let range: ClosedRange<UInt64>

    init(_ space: Window.Space, _ range: ClosedRange<UInt64>) {
      self.space = space
      self.range = range
    }
  }

  public static let all = [
    KernelDevice(
      name: "lapic", places: [Place(.memory, 0xfee0_0000...0xfee0_0fff), Place(.msr, 0x800...0x8ff)]),
    KernelDevice(name: "ioapic", places: [Place(.memory, 0xfec0_0000...0xfec0_00ff)]),
    KernelDevice(
      name: "pic",
      places: [Place(.port, 0x20...0x21), Place(.port, 0xa0...0xa1), Place(.port, 0x4d0...0x4d1)]),
    KernelDevice(name: "pit", places: [Place(.port, 0x40...0x43), Place(.port, 0x61...0x61)]),
  ]

  /// Their ports and memory, at which no window of a device is reached.
  static var reserved: [Bus.Reserved] {
    var reserved: [Bus.Reserved] = []
    for device in all {
      for place in device.places where place.space != .msr {
        reserved.append(Bus.Reserved(space: place.space, range: place.range, name: device.name))
      }
    }
    return reserved
  }

  /// Where it answers, by space.
  public var ranges: [Window.Space: [ClosedRange<UInt64>]] {
    places.reduce(into: [:]) { $0[$1.space, default: []].append($1.range) }
  }
}
